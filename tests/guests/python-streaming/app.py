"""A runner in Python that streams, built from `wit/` alone by `componentize-py`:

    componentize-py -d ../../../wit -w streaming-runner componentize app -o TARGET.wasm

Each word of the description is a piece; the spec says how many there were.
"""

import json

import componentize_py_async_support
import wit_world
from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.runner_types import RunnerError_Other, RunnerError_Unsupported


def spec(description):
    count = len(description.split())
    steps = [{"name": "count", "command": f"echo {count}"}]
    return json.dumps({"name": "python-streaming", "description": description, "steps": steps})


async def work(description, pieces, outcome):
    with pieces:
        for word in description.split(" "):
            await pieces.write([f"{word} "])
    await outcome.write(Ok(spec(description)))


class GenerateStreaming(exports.GenerateStreaming):
    async def generate_task_spec(self, description, parameters):
        pieces, shown = wit_world.string_stream()
        outcome, result = wit_world.result_string_runner_types_runner_error_future(
            lambda: Err(RunnerError_Other("the runner gave up its work"))
        )
        componentize_py_async_support.spawn(work(description, pieces, outcome))
        return (shown, result)


class Generate(exports.Generate):
    def generate_task_spec(self, description, parameters):
        return spec(description)

    def generate_dagu_config(self, spec, parameters):
        raise Err(RunnerError_Unsupported())
