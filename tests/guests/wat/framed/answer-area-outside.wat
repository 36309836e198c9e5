;; Says that the place of its answer is where it has no memory.
(core module $m
  (memory (export "memory") 17)
  ;; Where the answer is, and the answer: a spec.
  (data (i32.const 16) "\00\00\00\00\00\04\00\00\36\00\00\00")
  (data (i32.const 1024) "{\"name\":\"wat\",\"steps\":[{\"name\":\"a\",\"command\":\"true\"}]}")
  (global $next (mut i32) (i32.const 4096))
  (func (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "spec") (param i32 i32 i32 i32) (result i32) i32.const 0x7ffffff0)
  (func (export "dagu") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "post") (param i32)))
