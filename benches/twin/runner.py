"""A runner as users of agent-arborist wrote it by hand: a class, a configuration, a plan as YAML. Standard library only."""

import argparse
import json
import os
import re
from abc import ABC, abstractmethod
from typing import Any, Dict, List


class Runner(ABC):
    def __init__(self, config: Dict[str, Any]):
        self.config = config

    @abstractmethod
    def generate_task_spec(self, description: str, **kwargs) -> str:
        ...


class MockRunner(Runner):
    def generate_task_spec(self, description: str, **kwargs) -> str:
        parts = [part.strip() for part in re.split(r",\s*(?:then\s+)?", description) if part.strip()]
        steps: List[Dict[str, Any]] = []
        for part in parts:
            name = "-".join(re.findall(r"[a-z0-9]+", part.lower()))
            step = {"name": name, "command": f"echo '{part}'", "description": part}
            if steps:
                step["depends_on"] = [steps[-1]["name"]]
            steps.append(step)
        return self._format({"name": steps[0]["name"], "description": description, "steps": steps})

    def _format(self, spec: Dict[str, Any]) -> str:
        lines = [f"name: {spec['name']}", f"description: {json.dumps(spec['description'])}", "steps:"]
        for step in spec["steps"]:
            lines.append(f"  - name: {step['name']}")
            lines.append(f"    command: {json.dumps(step['command'])}")
            lines.append(f"    description: {json.dumps(step['description'])}")
            for dependency in step.get("depends_on", []):
                lines.append(f"    depends_on: [{dependency}]")
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("description")
    arguments = parser.parse_args()
    runner = MockRunner({"api_key": os.environ.get("API_KEY", "")})
    print(runner.generate_task_spec(arguments.description))


if __name__ == "__main__":
    main()
