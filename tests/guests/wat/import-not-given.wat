;; A runner that wants a store that this host does not give.
(component
  (import "wasi:keyvalue/store@0.2.0-draft" (instance))
  (instance $generate)
  (export "arborist:runner/generate@0.1.0" (instance $generate)))
