"""Asks a model of Ollama's on this machine by its stream of JSON lines, and shows what it writes while it writes it."""

import json

import componentize_py_async_support
import wit_world
from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import http, store
from wit_world.imports.runner_types import (
    ConfigField,
    RunnerError_InvalidConfig,
    RunnerError_InvalidResponse,
    RunnerError_Other,
    RunnerError_Service,
    RunnerError_Unsupported,
    RunnerInfo,
    ServiceFailure,
)

SYSTEM = """Answer with one JSON object: "name", "description", and "steps", a list of objects with "name", "command"
(for a POSIX shell) and optionally "depends_on", a list of names of earlier steps."""
# Most bytes of a line.
MAX_LINE = 1 << 20


class GenerateStreaming(exports.GenerateStreaming):
    async def generate_task_spec(self, description, parameters):
        pieces, shown = wit_world.string_stream()
        outcome, result = wit_world.result_string_runner_types_runner_error_future(
            lambda: Err(RunnerError_Other("the runner gave up its work"))
        )
        # The two ends are returned at once; the work goes on behind them.
        componentize_py_async_support.spawn(work(description, parameters, pieces, outcome))
        return (shown, result)


class Generate(exports.Generate):
    # For hosts that do not stream.
    def generate_task_spec(self, description, parameters):
        return "".join(texts(description, parameters))

    def generate_dagu_config(self, spec, parameters):
        # The host makes the DAG from the task spec.
        raise Err(RunnerError_Unsupported())


class About(exports.About):
    def describe(self):
        fields = [
            ConfigField("endpoint", "URL of Ollama's /api/generate", True, False, None),
            ConfigField("model", "Model to ask", True, False, None),
        ]
        about = "Asks a local model for a task spec and shows it as it is written"
        return RunnerInfo("python-streaming-ollama", "0.1.0", about, fields)


async def work(description, parameters, pieces, outcome):
    try:
        spec = ""
        with pieces:
            for text in texts(description, parameters):
                spec += text
                await pieces.write([text])
        # The host parses and checks the spec; JSON is YAML.
        answer = Ok(spec)
    except Err as error:
        answer = error
    await outcome.write(answer)


def texts(description, parameters):
    """What the model writes, each part as soon as it has come."""
    options = {parameter.name: parameter.value for parameter in parameters}
    body = {
        "model": options.get("model") or config("model"),
        "system": SYSTEM,
        "prompt": description,
        "format": "json",
        "stream": True,
    }
    for line in lines(config("endpoint"), body):
        try:
            part = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Err(RunnerError_InvalidResponse(f"a line of the answer is not JSON: {error}")) from None
        if not isinstance(part, dict):
            raise Err(RunnerError_InvalidResponse("a line of the answer is no object"))
        if "error" in part:
            raise failure(None, f"Ollama broke off: {part['error']}", True)
        if isinstance(part.get("response"), str) and part["response"]:
            yield part["response"]
        if part.get("done") is True:
            return
    raise Err(RunnerError_InvalidResponse("the answer ended in the middle"))


def lines(url, body):
    """The lines of the answer, each as soon as it is whole."""
    headers = [http.Header("content-type", "application/json")]
    try:
        with http.open(http.Request("POST", url, headers, json.dumps(body).encode())) as answer:
            if answer.status() != 200:
                status = answer.status()
                retryable = status == 429 or status >= 500
                raise failure(status, f"Ollama answered {status}", retryable)
            rest = b""
            while (piece := answer.read(64 * 1024)) is not None:
                *whole, rest = (rest + piece).split(b"\n")
                if len(rest) > MAX_LINE:
                    raise Err(RunnerError_InvalidResponse(f"a line is longer than {MAX_LINE} bytes"))
                yield from (line for line in whole if line.strip())
            if rest.strip():
                yield rest
    except Err as error:
        reason = error.value
        if isinstance(reason, (RunnerError_Service, RunnerError_InvalidResponse)):
            raise
        retryable = isinstance(
            reason, (http.HttpError_Timeout, http.HttpError_Connection, http.HttpError_RateLimited)
        )
        raise failure(None, f"Ollama cannot be asked: {reason}", retryable) from None


def config(field):
    """A field of this runner's section in agent-arborist.yaml."""
    value = store.get(field)
    if value is None:
        raise Err(RunnerError_InvalidConfig(f"`{field}` is missing"))
    return value


def failure(status, message, retryable):
    return Err(RunnerError_Service(ServiceFailure(status, message, retryable)))
