"""The process in which one subject is measured: sets it up, then does what standard input tells, a line of JSON each."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import host, measures
from benchmarks.subjects import load
from benchmarks.subjects.subject import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


def _answers() -> TextIO:
    """Return a way to the bench that nothing else can print into."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def _find(measure: str) -> Callable[..., dict[str, Any]]:
    found: Callable[..., dict[str, Any]] = getattr(host if hasattr(host, measure) else measures, measure)
    return found


def main() -> None:
    """Serve until standard input ends."""
    answers = _answers()
    name, place = sys.argv[1], json.loads(sys.argv[2])
    subject: Any = None
    for line in sys.stdin:
        told = json.loads(line)
        try:
            if subject is None:  # only now, so that a subject that fails has somebody to tell
                subject = load(name)(Place(place["endpoint"], Path(place["directory"]), place["options"]))
            answer = _find(told["measure"])(subject, **told["arguments"])
        except Exception as error:
            answer = {"error": f"{name}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
    os._exit(0)  # what is left to send is nobody's business, and a hung Collector must not keep us


if __name__ == "__main__":
    main()
