"""Asks an API of one's own that has plans of another shape: `{"title", "actions": [{"id", "run", "needs"}]}`.

What the API answers is judged here, so that a message names its fault; the host checks the task spec anyway.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import http, logging, store
from wit_world.imports.runner_types import (
    ConfigField,
    RunnerError_InvalidConfig,
    RunnerError_InvalidInput,
    RunnerError_InvalidResponse,
    RunnerError_Service,
    RunnerError_Unsupported,
    RunnerInfo,
    ServiceFailure,
)

DEFAULT_ACTIONS = 20


class Generate(exports.Generate):
    def generate_task_spec(self, description, parameters):
        options = {parameter.name: parameter.value for parameter in parameters}
        if "max_actions" in options:
            most = number(options["max_actions"], RunnerError_InvalidInput)
        else:
            most = number(store.get("max_actions") or str(DEFAULT_ACTIONS), RunnerError_InvalidConfig)
        plan = post(require("endpoint"), require("api_key"), {"goal": description, "max_actions": most})
        spec = task_spec(plan, description, most)
        logging.log(logging.Level.INFO, "plan", f"{len(spec['steps'])} steps")
        return json.dumps(spec, ensure_ascii=False)

    def generate_dagu_config(self, spec, parameters):
        # The host makes the DAG from the task spec.
        raise Err(RunnerError_Unsupported())


class About(exports.About):
    def describe(self):
        return RunnerInfo(
            "python-custom-api",
            "0.1.0",
            "Asks a planning API and turns its plan into a task spec",
            [
                ConfigField("endpoint", "URL that goals are sent to", True, False, None),
                ConfigField("api_key", "Key for the API", True, True, None),
                ConfigField("max_actions", "Most actions of a plan", False, False, str(DEFAULT_ACTIONS)),
            ],
        )


def task_spec(plan, description, most):
    """The plan as a task spec."""
    actions = plan.get("actions") if isinstance(plan, dict) else None
    if not isinstance(actions, list) or not actions:
        raise Err(RunnerError_InvalidResponse("the plan has no actions"))
    if len(actions) > most:
        raise Err(RunnerError_InvalidResponse(f"the plan has {len(actions)} actions, and {most} are allowed"))
    steps = []
    for position, action in enumerate(actions, start=1):
        try:
            step = {"name": action["id"], "command": action["run"]}
            needs = action.get("needs", [])
        except (KeyError, TypeError, AttributeError):
            raise Err(RunnerError_InvalidResponse(f"action {position} has no `id` or no `run`")) from None
        if needs:
            step["depends_on"] = needs
        steps.append(step)
    # A spec's description has at most 64 KiB and no NUL; for people its beginning will do.
    beginning = description.replace("\0", "")[:1000]
    return {"name": plan.get("title") or "plan", "description": beginning, "steps": steps}


def require(field):
    """A field of this runner's section in agent-arborist.yaml. For a secret this is a placeholder, and the host puts
    the value into the request."""
    value = store.get(field)
    if value is None:
        raise Err(RunnerError_InvalidConfig(f"`{field}` is missing"))
    return value


def number(text, fault):
    # `isdecimal` alone would take digits of other scripts, and any number of them.
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) > 0):
        raise Err(fault("`max_actions` is no number from 1 to 999"))
    return int(text)


def post(url, key, body):
    headers = [
        http.Header("content-type", "application/json"),
        http.Header("x-api-key", key),
    ]
    try:
        answer = http.send(http.Request("POST", url, headers, json.dumps(body).encode()))
    except Err as error:
        reason = error.value
        retryable = isinstance(
            reason, (http.HttpError_Timeout, http.HttpError_Connection, http.HttpError_RateLimited)
        )
        raise failure(None, f"the API cannot be asked: {reason}", retryable) from None
    if answer.status != 200:
        retryable = answer.status == 429 or answer.status >= 500
        raise failure(answer.status, f"the API answered {answer.status}", retryable)
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Err(RunnerError_InvalidResponse(f"the answer is not JSON: {error}")) from None


def failure(status, message, retryable):
    return Err(RunnerError_Service(ServiceFailure(status, message, retryable)))
