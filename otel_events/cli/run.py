"""`run`: a command as a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\b
Examples:
  otel-events run -- ./backup.sh --full
  otel-events run --task nightly.backup --session-id s-1 -- ./backup.sh
  otel-events run --capture-errors -- python train.py
  otel-events run --capture-errors --match 'ERR|WARN' -- ./backup.sh
"""


@click.command(
    "run", epilog=_EPILOG, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option("--task", "name", metavar="NAME", help="Name of the task; else the command's.")
@click.option("--task-id", help="Id of the task; else one is made.")
@click.option("--persona", help="Bound to all events inside.")
@click.option("--session-id", help="Bound to all events inside.")
@click.option("--cycle", type=int, help="Bound to all events inside.")
@click.option("--capture-errors", is_flag=True, help="Make events of what the command writes about errors to stderr.")
@click.option("--match", "pattern", metavar="REGEX", help="What lines are about errors, instead of the usual words.")
@click.option("--wait", is_flag=True, help="At the end, until all is accepted.")
@click.option("--timeout", type=click.FloatRange(min=0), default=10.0, metavar="SECONDS", help="To --wait.  [10]")
@click.argument("arguments", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
def command(
    *,
    name: str | None,
    task_id: str | None,
    persona: str | None,
    session_id: str | None,
    cycle: int | None,
    capture_errors: bool,
    pattern: str | None,
    wait: bool,
    timeout: float,
    arguments: Sequence[str],
) -> int:
    """Run COMMAND as a task: task.started, then task.completed, .failed or .cancelled with its exit code and duration.

    The command's input and output are its own; its exit code is this one's, 128 + N if signal N ended it. It finds the trace
    and the task in TRACEPARENT and BAGGAGE, so that what it emits belongs to the task. Signals are passed on to it.
    """
    from otel_events.cli.child_task import ChildTask, run_child

    bound = {"task_id": task_id, "persona": persona, "session_id": session_id, "cycle": cycle}
    bound = {key: value for key, value in bound.items() if value is not None}
    captures = capture_errors or pattern is not None
    return run_child(ChildTask(tuple(arguments), name, bound, captures, pattern, timeout if wait else None))
