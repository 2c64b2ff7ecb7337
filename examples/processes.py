"""Take trace, task and session into a child process, by its environment.

python examples/processes.py
"""

from __future__ import annotations

import os
import subprocess
import sys

import otel_events as ev

CHILD = """
import otel_events as ev

ev.configure(service_name="processes-example-child")
with ev.task("summarise"):  # in the parent's trace, inside the parent's task
    ev.emit("evidence.added", source="paper.pdf", quality=0.82)
print(ev.bound_attributes())
"""


def main() -> None:
    """Run a child inside a task of ours."""
    ev.configure(service_name="processes-example")
    with ev.session("s-1"), ev.cycle(42), ev.task("delegate", task_id="t-1"):
        environment = ev.inject(dict(os.environ), environment=True)
        subprocess.run([sys.executable, "-c", CHILD], env=environment, check=True)  # noqa: S603  # our own program


if __name__ == "__main__":
    main()
