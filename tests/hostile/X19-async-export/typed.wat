;; A runner whose `generate-task-spec` has an asynchronous type; it is lifted as such, yields, and ends without a value.
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

  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "spec") (param i32 i32 i32 i32) (result i32) i32.const 1)
    (func (export "dagu") (param i32 i32 i32 i32) (result i32) i32.const 0)
    (func (export "callback") (param i32 i32 i32) (result i32) i32.const 0))

  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (type $spec-type (func async
    (param "description" string)
    (param "parameters" (list $parameter))
    (result (result string (error $runner-error)))))
  (type $dagu-type (func
    (param "spec" string)
    (param "parameters" (list $parameter))
    (result (result string (error $runner-error)))))
  (func $spec (type $spec-type) (canon lift
    (core func $i "spec") (memory $memory) (realloc $realloc)
    async (callback (core func $i "callback"))))
  (func $dagu (type $dagu-type) (canon lift
    (core func $i "dagu") (memory $memory) (realloc $realloc)))
  (instance $generate
    (export "parameter" (type $parameter))
    (export "runner-error" (type $runner-error))
    (export "generate-task-spec" (func $spec))
    (export "generate-dagu-config" (func $dagu)))
  (export "arborist:runner/generate@0.1.0" (instance $generate)))
