;; A runner in the text format, whole and harmless: a case puts texts of its own in place of the lines `;; @…`.
(component
  (type $types-type (instance
    (type (record (field "name" string) (field "value" string)))
    (export "parameter" (type (eq 0)))
    (type (option u16))
    (type (record (field "status" 2) (field "message" string) (field "retryable" bool)))
    (export "service-failure" (type (eq 3)))
    (type (variant
      (case "invalid-config" string)
      (case "invalid-input" string)
      (case "service" 4)
      (case "invalid-response" string)
      (case "other" string)
      (case "unsupported")))
    (export "runner-error" (type (eq 5)))))
  (import "arborist:runner/runner-types@0.1.0" (instance $types (type $types-type)))
  (alias export $types "parameter" (type $parameter))
  (alias export $types "runner-error" (type $runner-error))

  ;; @before

  (core module $m
    ;; @imports
    (memory (export "memory")
      ;; @memory
    )
    ;; Where the answer is, and the answer: a spec.
    (data (i32.const 16)
      ;; @answer
    )
    (data (i32.const 1024) "{\"name\":\"wat\",\"steps\":[{\"name\":\"a\",\"command\":\"true\"}]}")
    (global $next (mut i32) (i32.const 4096))
    ;; @items
    (func (export "realloc") (param $from i32) (param i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      ;; @realloc
    )
    (func (export "spec") (param i32 i32 i32 i32) (result i32)
      ;; @spec
    )
    (func (export "dagu") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "post") (param i32)
      ;; @post
    ))

  (core instance $i (instantiate $m
    ;; @with
  ))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (alias core export $i "post" (core func $post))
  (type $spec-type (func
    (param "description" string)
    (param "parameters" (list $parameter))
    (result (result string (error $runner-error)))))
  (type $dagu-type (func
    (param "spec" string)
    (param "parameters" (list $parameter))
    (result (result string (error $runner-error)))))
  (func $spec (type $spec-type) (canon lift
    (core func $i "spec") (memory $memory) (realloc $realloc)
    (post-return $post)))
  (func $dagu (type $dagu-type) (canon lift
    (core func $i "dagu") (memory $memory) (realloc $realloc)))
  (instance $generate
    (export "parameter" (type $parameter))
    (export "runner-error" (type $runner-error))
    (export "generate-task-spec" (func $spec))
    (export "generate-dagu-config" (func $dagu)))
  (export "arborist:runner/generate@0.1.0" (instance $generate)))
