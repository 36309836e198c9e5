//! The file that `arborist init` writes.

/// A configuration that works as it stands, with everything else there is as comments.
pub const TEMPLATE: &str = r#"# Configuration of Arborist. What `#` precedes is not in force: remove the `#` to use it.
# `arborist config check` finds mistakes, `arborist config explain` says what is permitted.

# The runner: mock (needs no network), openai, claude, ollama, multi-model, custom (your own service), or
# the name of a section below that has a `component`. The flag --runner and $AGENT_ARBORIST_RUNNER come before this line.
runner: mock

# Your own AI service, for `runner: custom`.
#custom:
#  # ${NAME} is the variable NAME of the environment. The runner never sees a key: Arborist puts it in
#  # where a request goes to the service.
#  api_key: ${CUSTOM_API_KEY}
#  # Where the description is sent. Requests may go to this origin and to no other.
#  endpoint: https://api.example.com/v1/generate
#  # Any further key is a field of the runner's own, such as a model.
#  model: small
#
#  # Where requests may go, instead of what `endpoint` implies: METHOD[,METHOD] URL-PREFIX.
#  allow: ["POST https://api.example.com/v1", "https://*.cdn.example.com"]
#  # Private networks that the names in these rules may resolve into; otherwise none.
#  networks: [10.0.0.0/8]
#  # Where a secret may go, instead of the origins of the URL fields, and into which parts of a request.
#  secrets: {api_key: {to: ["https://api.example.com"], in: [header]}}
#  # Secrets that the runner gets as they are; better none.
#  expose: []
#  # Send again what failed because the service was busy or out of reach; without this, once.
#  retry: {attempts: 3, delay: 2s}
#  # At most so many requests a minute, whoever's runs they are; also 10/s and 100/h.
#  rate_limit: 10
#  # Bounds of a run; `arborist inspect` lists all of them with what happens there.
#  limits: {memory: 256MiB, cpu: 10s, requests: 64}
#  # Use results again for a day, from this folder, relative to this file; without `dir` it is one of your own cache folder.
#  cache: {dir: .cache/runner, ttl: 1d}
#  # cache_dir: .cache/runner is an older form of it.
#  # Certificates of authorities to trust besides the system's: a PEM file, relative to this file.
#  ca: authorities.pem
#  # The HTTP proxy that requests go through; variables such as HTTPS_PROXY are never obeyed.
#  proxy: http://proxy.example.com:3128
#  # The model for each call, as the parameter `model`; --param model=NAME comes before it.
#  models: {task_spec: small, dagu: small}

# A well-known AI service; docs/runners.md has the fields of each, and of claude, ollama and multi-model.
#openai:
#  api_key: ${OPENAI_API_KEY}
#  model: gpt-4

# A runner of your own: any WebAssembly component of the world `arborist:runner/runner`.
#mine:
#  # The component, relative to this file.
#  component: ./runner.wasm
#  endpoint: http://localhost:11434

# How long a call may take, in seconds or as 90s or 5m.
#timeouts: {generate_task_spec: 300, generate_dagu: 300}

# The model for each call where the section names none.
#models: {task_spec: small, dagu: small}

# How much disk compiled components may take, which are kept so that the next run is quick; the least recently used go first.
# Where runs get their memory: on-demand, or out of a pool of so many instances; `arborist inspect --engine` says what is chosen and why.
# Both are obeyed in a file that is named, not in one that is found.
#engine: {cache_size: 2GiB, profile: pooling, instances: 100}

# A line of JSON for each request that a runner attempts, and what came of it.
#audit: audit.jsonl
"#;
