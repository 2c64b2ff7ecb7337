"""Let the first of equal events through at once, and one summary of the others for each window."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from otel_events.event import Severity
from otel_events.pipeline.bounds import Bounds
from otel_events.pipeline.fingerprint import fingerprint, fingerprint_by
from otel_events.pipeline.name_patterns import ByName
from otel_events.pipeline.summary import COUNT, Run, seconds, with_facts
from otel_events.pipeline.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.accounting import Tally
    from otel_events.event import Event
    from otel_events.pipeline.batch import Alike

_ERROR_NAMES = ("error", "script.error")


class DuplicateRule(NamedTuple):
    """Events of which a second one within a window says nothing new.

    Attributes:
        pattern: of the event name.
        attributes: keys whose values make two events equal; none: all attributes do.
    """

    pattern: str
    attributes: tuple[str, ...] = ()


class DeduplicateSettings(NamedTuple):
    """What is deduplicated.

    Attributes:
        rules: the domain events that are, by pattern; none by default, for what happened twice happened twice.
        errors: plain log records of severity ERROR and above, and the events `error` and `script.error`, are as well.
        window: seconds for which equal events are held back for one summary.
        max_fingerprints: windows that are open at once; beyond them the oldest closes early.
    """

    rules: tuple[DuplicateRule, ...] = ()
    errors: bool = True
    window: float = 10.0
    max_fingerprints: int = 10_000


class Deduplicate:
    """Hold equal events back. What a summary stands for, less itself, is counted in *summarised* as `deduplicated`.

    Lifecycle and alert events always pass.
    """

    def __init__(
        self, settings: DeduplicateSettings, summarised: Tally, clock: Callable[[], float] = time.monotonic
    ) -> None:
        _check(settings)
        self._settings = settings
        self._rules = ByName([(rule.pattern, rule) for rule in settings.rules])
        self._windows: Windows[Run] = Windows(settings.window, settings.max_fingerprints)
        self._summarised = summarised
        self._clock = clock
        self.held = 0

    def __call__(self, events: list[Event]) -> list[Event]:
        now = self._clock()
        passing = self.release(now)
        for event in events:
            key = self._key(event)
            if key is None:
                passing.append(event)
                continue
            run = self._windows.find(key)
            if run is not None:
                run.add(event)
                self.held += 1
                continue
            passing.append(event)
            gone = self._windows.open(key, Run(), now)
            if gone is not None:
                passing += self._summary(gone)
        return passing

    def unaffected(self, groups: list[Alike]) -> list[Alike]:
        """Return those *groups* whose events no rule is about."""
        return [group for group in groups if not self._is_meant(group.common)]

    def due(self) -> float | None:
        """Return when a window closes next (`time.monotonic()`), or None."""
        return self._windows.due() if self.held else None

    def release(self, now: float) -> list[Event]:
        """Return the summaries of all windows that close by *now*; math.inf closes all."""
        summaries: list[Event] = []
        for key, run in self._windows.close_until(now):
            if run.count:
                summaries += self._summary(run)
                if now < math.inf:  # while it goes on, there is one summary a window, and no first one again
                    self._windows.open(key, Run(), now)
        return summaries

    def _is_meant(self, event: Event) -> bool:
        return self._is_error(event) or (bool(self._settings.rules) and self._rules.find(event.name) is not None)

    def _is_error(self, event: Event) -> bool:
        return self._settings.errors and (
            event.name in _ERROR_NAMES or (not event.name and event.severity >= Severity.ERROR)
        )

    def _key(self, event: Event) -> str | None:
        if self._is_error(event):
            return fingerprint(event)
        if not self._settings.rules:
            return None
        rule = self._rules.find(event.name)
        return None if rule is None else fingerprint_by(event, rule.attributes)

    def _summary(self, run: Run) -> list[Event]:
        last = run.last
        if last is None:
            return []
        self.held -= run.count
        if run.count == 1:
            return [last]
        self._summarised.add("deduplicated", run.count - 1)
        said = last.body if type(last.body) is str else last.name
        body = f"{said} (repeated {run.count} times in {seconds(self._settings.window)})"
        return [with_facts(last, run, body)]


def _check(settings: DeduplicateSettings) -> None:
    bounds = Bounds("deduplicate")
    for rule in settings.rules:
        bounds.pattern(rule.pattern)
        bounds.names(f"the attributes of {rule.pattern!r:.40}", rule.attributes)
    bounds.number("window", settings.window, above=0)
    bounds.number("max_fingerprints", settings.max_fingerprints, least=1)
    bounds.check()


__all__ = ["COUNT", "Deduplicate", "DeduplicateSettings", "DuplicateRule"]
