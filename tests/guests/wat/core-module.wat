;; A core module with the right names: not a component.
(module
  (memory (export "memory") 1)
  (func (export "generate-task-spec") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "generate-dagu-config") (param i32 i32 i32 i32) (result i32) unreachable))
