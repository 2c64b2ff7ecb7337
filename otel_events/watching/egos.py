"""The three classifiers of a workspace in which agents work: tasks, exchanges with models, references (profile `egos`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.watching.change import Change, Classifier, FileEvent

# Characters of a prompt or a response.
MOST_TEXT = 2_000


def classify_task(change: Change) -> FileEvent | None:
    """Return `sparc.task` of a file that holds a task: `id`, `type`, `status`, `result`, `file_path`."""
    return None


def classify_exchange(change: Change, *, with_content: bool = True) -> FileEvent | None:
    """Return `llm.interaction` of a file that holds an exchange with a model: `model`, `prompt`, `response`, `file_path`.

    Args:
        change: of the file.
        with_content: prompt and response too, up to 2,000 characters each; else only how long they are.
    """
    return None


def classify_references(change: Change) -> FileEvent | None:
    """Return `pattern.propagated` of a file that names others: `subsystem`, `pattern`, `status`, `references`, `file_path`."""
    return None


def egos_classifiers(*, with_content: bool = True) -> tuple[Classifier, ...]:
    """Return the three, which speak independently of each other."""
    return (classify_task, classify_exchange, classify_references)
