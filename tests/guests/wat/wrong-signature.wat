;; Exports `generate` with the right names and functions of another type.
(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "generate") (param i32 i32) (result i32) i32.const 16))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (func $generate (param "description" string) (result string) (canon lift
    (core func $i "generate") (memory $memory) (realloc $realloc)))
  (instance $exports
    (export "generate-task-spec" (func $generate))
    (export "generate-dagu-config" (func $generate)))
  (export "arborist:runner/generate@0.1.0" (instance $exports)))
