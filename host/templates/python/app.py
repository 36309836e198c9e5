"""Asks an AI service with a Chat Completions API for a task spec."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import http, store
from wit_world.imports.runner_types import (
    ConfigField,
    RunnerError_InvalidConfig,
    RunnerError_InvalidResponse,
    RunnerError_Service,
    RunnerError_Unsupported,
    RunnerInfo,
    ServiceFailure,
)

PROMPT = """Answer with one JSON object and nothing else: "name", "description", and "steps", a list of objects with
"name", "command" (for a POSIX shell) and optionally "depends_on", a list of names of earlier steps."""


class Generate(exports.Generate):
    def generate_task_spec(self, description, parameters):
        options = {parameter.name: parameter.value for parameter in parameters}
        body = {
            "model": options.get("model") or config("model"),
            "response_format": {"type": "json_object"},
            "messages": [
                {"role": "system", "content": PROMPT},
                {"role": "user", "content": description},
            ],
        }
        answer = post(config("endpoint"), config("api_key"), body)
        try:
            # The host parses and checks the spec; JSON is YAML.
            text = answer["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError):
            text = None
        if not isinstance(text, str):
            raise Err(RunnerError_InvalidResponse("the answer has no message"))
        return text

    def generate_dagu_config(self, spec, parameters):
        # The host makes the DAG from the task spec.
        raise Err(RunnerError_Unsupported())


class About(exports.About):
    def describe(self):
        fields = [
            ("endpoint", "URL of the service's chat completions", False),
            ("api_key", "Key for the service", True),
            ("model", "Model to ask", False),
        ]
        config = [ConfigField(name, about, True, secret, None) for name, about, secret in fields]
        return RunnerInfo("{{name}}", "0.1.0", "Asks an AI service for a task spec", config)


def config(field):
    """A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts
    the value into the request."""
    value = store.get(field)
    if value is None:
        raise Err(RunnerError_InvalidConfig(f"`{field}` is missing"))
    return value


def post(url, key, body):
    headers = [
        http.Header("content-type", "application/json"),
        http.Header("authorization", f"Bearer {key}"),
    ]
    try:
        answer = http.send(http.Request("POST", url, headers, json.dumps(body).encode()))
    except Err as error:
        reason = error.value
        retryable = isinstance(
            reason, (http.HttpError_Timeout, http.HttpError_Connection, http.HttpError_RateLimited)
        )
        text = f"{type(reason).__name__.removeprefix('HttpError_')}: {getattr(reason, 'value', '')}"
        raise failure(None, f"the service cannot be asked: {text.rstrip(': ')}", retryable) from None
    if answer.status != 200:
        retryable = answer.status == 429 or answer.status >= 500
        raise failure(answer.status, f"the service answered {answer.status}", retryable)
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise Err(RunnerError_InvalidResponse(f"the answer is not JSON: {error}")) from None


def failure(status, message, retryable):
    return Err(RunnerError_Service(ServiceFailure(status, message, retryable)))
