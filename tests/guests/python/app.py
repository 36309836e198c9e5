"""A runner in Python, built from `wit/` alone by `componentize-py`:

    componentize-py -d ../../../wit -w runner componentize app -o TARGET.wasm

A clause of the description, up to the next comma, becomes a step; each waits for the one before it. The
configuration's field `greeting` is echoed first, and a line of the log says how many steps there are.
"""

import json
import shlex

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import logging, store
from wit_world.imports.runner_types import (
    RunnerError_InvalidConfig,
    RunnerError_InvalidInput,
    RunnerError_Unsupported,
)


class Generate(exports.Generate):
    def generate_task_spec(self, description, parameters):
        clauses = [clause.strip() for clause in description.split(",")]
        clauses = [clause for clause in clauses if clause]
        if not clauses:
            raise Err(RunnerError_InvalidInput("the description is empty: say what to do"))
        greeting = store.get("greeting")
        if greeting is not None and not greeting.strip():
            raise Err(RunnerError_InvalidConfig("`greeting` is blank: remove it or say something"))
        steps = []
        for number, clause in enumerate(([greeting] if greeting else []) + clauses, start=1):
            step = {"name": f"step-{number}", "command": f"echo {shlex.quote(clause)}"}
            if steps:
                step["depends_on"] = [steps[-1]["name"]]
            steps.append(step)
        for parameter in parameters:
            steps[-1]["command"] += f" # {parameter.name}={parameter.value}"
        logging.log(logging.Level.INFO, "python", f"{len(steps)} steps")
        spec = {"name": "python", "description": description, "steps": steps}
        return json.dumps(spec, ensure_ascii=False)

    def generate_dagu_config(self, spec, parameters):
        raise Err(RunnerError_Unsupported())
