"""The three classifiers of a workspace in which agents work: tasks, exchanges with models, references (profile `egos`)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_events.watching.change import FileEvent
from otel_events.watching.exchanges import find_exchange
from otel_events.watching.references import find_references, subsystem_of

if TYPE_CHECKING:
    from otel_events.watching.change import Change, Classifier

# Characters of a prompt, a response or a result.
MOST_TEXT = 2_000
_MOST_REFERENCES = 50

# A file that was only moved says what it said.
_SAYS_SOMETHING_NEW = ("created", "modified")

TASK_TYPES = ("analyze", "refactor", "document", "test", "process")
_TYPE_WORDS = {
    "analyze": re.compile(r"analy[sz]", re.IGNORECASE),
    "refactor": re.compile(r"refactor", re.IGNORECASE),
    "document": re.compile(r"(?<![a-z])doc(s|ument)?", re.IGNORECASE),
    "test": re.compile(r"(?<![a-z])test", re.IGNORECASE),
}
_STATUS_WORDS = ("pending", "in_progress", "running", "blocked", "completed", "done", "failed", "cancelled")
_TASK_WORD = re.compile(r"(?<![a-z])(sparc|tasks?)(?![a-z])", re.IGNORECASE)


def classify_task(change: Change) -> FileEvent | None:
    """Return `sparc.task` of a file that holds a task: `id`, `type`, `status`, `result`, `file_path`.

    A file holds one if its name or a directory beneath the watched one has the word sparc or task, or if it states id,
    status and one of the five types by itself.
    """
    fields = change.content.fields
    states_all = "id" in fields and "status" in fields and fields.get("type") in TASK_TYPES
    if not states_all and not _TASK_WORD.search(change.relative):
        return None
    attributes: dict[str, Any] = {
        "id": _word(fields, "id") or _word(fields, "task_id") or change.path.stem,
        "type": _task_type(change, fields),
        "status": _word(fields, "status") or _status(change),
    }
    result = fields.get("result")
    if result is not None:
        attributes["result"] = shorten(result) if isinstance(result, str) else result
    return FileEvent("sparc.task", {**attributes, "file_path": str(change.path)}, rule="egos.tasks")


def classify_exchange(change: Change, *, with_content: bool = True) -> FileEvent | None:
    """Return `llm.interaction` of a file that holds an exchange with a model: `model`, `prompt`, `response`, `file_path`.

    Args:
        change: of the file.
        with_content: prompt and response too, up to 2,000 characters each; else only how long they are.
    """
    exchange = find_exchange(change) if change.kind in _SAYS_SOMETHING_NEW else None
    if exchange is None:
        return None
    attributes: dict[str, Any] = {"model": shorten(exchange.model)}
    for key, text in (("prompt", exchange.prompt), ("response", exchange.response)):
        if text and with_content:
            attributes[key] = shorten(text)
        elif text:
            attributes[f"{key}_length"] = len(text)
    return FileEvent("llm.interaction", {**attributes, "file_path": str(change.path)}, rule="egos.exchanges")


def classify_references(change: Change) -> FileEvent | None:
    """Return `pattern.propagated` of a file that names others: `subsystem`, `pattern`, `status`, `references`, `file_path`.

    The pattern is the document that is named, one of another subsystem before all; the status is `propagated` if there is
    such a one, else `local`.
    """
    found = find_references(change) if change.kind in _SAYS_SOMETHING_NEW else []
    if not found:
        return None
    subsystem = subsystem_of(change.relative, change.root.name)
    foreign = [each for each in found if subsystem_of(each, change.root.name) != subsystem]
    name = (foreign or found)[0].rsplit("/", 1)[-1]
    attributes: dict[str, Any] = {
        "subsystem": subsystem,
        "pattern": name.rsplit(".", 1)[0] or name,
        "status": "propagated" if foreign else "local",
        "references": found[:_MOST_REFERENCES],
        "file_path": str(change.path),
    }
    return FileEvent("pattern.propagated", attributes, rule="egos.references")


def egos_classifiers(*, with_content: bool = True) -> tuple[Classifier, ...]:
    """Return the three, which speak independently of each other."""
    return (classify_task, partial(classify_exchange, with_content=with_content), classify_references)


def shorten(text: str) -> str:
    """Return *text*, or its first 2,000 characters with a mark at the end."""
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _word(fields: dict[str, Any], key: str) -> str:
    """Return the text or number under *key*; "" if there is none."""
    value = fields.get(key)
    return shorten(str(value)) if isinstance(value, str | int | float) else ""


def _task_type(change: Change, fields: dict[str, Any]) -> str:
    stated = _word(fields, "type").lower()
    if stated in TASK_TYPES:
        return stated
    # Names of directories such as `tasks` say nothing of it, the nearest part that does counts.
    for part in reversed(change.relative.split("/")):
        for kind, words in _TYPE_WORDS.items():
            if words.search(part):
                return kind
    return "process"


def _status(change: Change) -> str:
    """Return what a directory on the way says, such as `done`; else what happened to the file."""
    for part in reversed(change.relative.lower().split("/")[:-1]):
        if part.replace("-", "_") in _STATUS_WORDS:
            return part.replace("-", "_")
    return change.kind
