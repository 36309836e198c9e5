"""A runner that asks a service of our own."""

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


def configured(name):
    value = store.get(name)
    if value is None:
        raise Err(RunnerError_InvalidConfig(f"`{name}` is missing"))
    return value


def call_ai_service(question):
    headers = [
        http.Header("authorization", f"Bearer {configured('api_key')}"),
        http.Header("content-type", "application/json"),
    ]
    body = json.dumps(question).encode()
    try:
        answer = http.send(http.Request("POST", configured("endpoint"), headers, body))
    except Err as failure:
        reason = getattr(failure.value, "value", type(failure.value).__name__)
        raise Err(RunnerError_Service(ServiceFailure(None, f"no answer: {reason}", False)))
    if answer.status != 200:
        message = f"the service answered {answer.status}"
        raise Err(RunnerError_Service(ServiceFailure(answer.status, message, answer.status >= 500)))
    try:
        return json.loads(answer.body)
    except ValueError as fault:
        raise Err(RunnerError_InvalidResponse(f"the answer is no JSON: {fault}"))


class Generate(exports.Generate):
    def generate_task_spec(self, description, parameters):
        options = {parameter.name: parameter.value for parameter in parameters}
        plan = call_ai_service({"prompt": description, **options})
        return json.dumps(plan, ensure_ascii=False)

    def generate_dagu_config(self, spec, parameters):
        raise Err(RunnerError_Unsupported())  # the host makes the DAG


class About(exports.About):
    def describe(self):
        fields = [
            ConfigField("endpoint", "URL of the service", True, False, None),
            ConfigField("api_key", "Bearer token for it", True, True, None),
        ]
        return RunnerInfo("custom", "1.0.0", "Asks a service of our own", fields)
