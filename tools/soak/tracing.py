"""What the page's main thread spends its processor time on, by Chromium's trace: a busy machine shakes that least."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CATEGORIES = ["-*", "toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8"]
_TASK = "ThreadControllerImpl::RunTask"
_FRAME = "Commit"
_SCRIPT = ("FunctionCall", "v8.callFunction")
_LONG = 16.0  # milliseconds: a frame is lost


@dataclass(frozen=True, slots=True)
class Work:
    """Processor time of the main thread, in milliseconds.

    Attributes:
        frames: that were drawn meanwhile.
        script: of our script alone, without layout and painting, for each of them.
        whole: of everything, for each of them.
        long_tasks: tasks that took longer than a frame lasts.
    """

    frames: int
    script: float
    whole: float
    long_tasks: int


def traced(page: Any, during: Callable[[], object]) -> Work:
    """Return what the main thread of *page* did while *during* ran."""
    browser = page.context.browser
    browser.start_tracing(page=page, categories=_CATEGORIES)
    try:
        during()
    finally:
        trace = browser.stop_tracing()
    return work_of(json.loads(trace)["traceEvents"])


def work_of(events: Iterable[dict[str, Any]]) -> Work:
    """Return what *events* of a trace tell of the thread that drew the most frames."""
    whole = [event for event in events if event.get("ph") == "X" and event.get("dur")]
    drawn = Counter((event["pid"], event["tid"]) for event in whole if event["name"] == _FRAME)
    if not drawn:
        return Work(0, 0.0, 0.0, 0)
    thread, frames = drawn.most_common(1)[0]
    own = [event for event in whole if (event["pid"], event["tid"]) == thread]
    tasks = [_processor(event) for event in own if event["name"] == _TASK]
    alone = _alone(own)
    script = sum(alone[name] for name in _SCRIPT)
    return Work(frames, script / frames, sum(tasks) / frames, sum(task > _LONG for task in tasks))


def _alone(events: list[dict[str, Any]]) -> defaultdict[str, float]:
    """Return the milliseconds of each kind of event, without those of the events inside of it."""
    alone: defaultdict[str, float] = defaultdict(float)
    around: list[dict[str, Any]] = []
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        while around and around[-1]["ts"] + around[-1]["dur"] <= event["ts"]:
            around.pop()
        alone[event["name"]] += _processor(event)
        if around:
            alone[around[-1]["name"]] -= _processor(event)
        around.append(event)
    return alone


def _processor(event: dict[str, Any]) -> float:
    return float(event.get("tdur", 0)) / 1000
