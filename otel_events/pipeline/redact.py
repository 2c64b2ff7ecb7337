"""Take secrets out of events before anything touches a disk or a wire."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

from otel_events.event import CORRELATION, InstrumentationScope
from otel_events.interrupts import is_interrupt
from otel_events.redaction.prefilter import LONGEST, SHORTEST
from otel_events.redaction.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Event, Value
    from otel_events.notices import Notices
    from otel_events.pipeline.batch import Alike

_CHUNK = 256  # events whose texts are searched at once: enough to pay, and a few hundred KiB at most, as a rule
_MOST_JOINED = 1 << 20  # characters
_FEW = 64  # texts, each of which is of 16 Ki characters at most
_MAX_NAMES = 4_096
_MAX_BODIES = 1_024
_LONG_BODY = 64  # characters: a message of the catalogue is shorter, and comes with every event of its type
_WITHHELD = "<REDACTED:failed>"


class Guard(Protocol):
    """What may stand in for our redactor. What it returns goes out; where it raises, the value is withheld."""

    def attributes(self, attributes: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return *attributes* without secrets."""

    def value(self, key: str, value: Value) -> Value:
        """Return *value*, which *key* names, without secrets."""

    def text(self, text: str) -> str:
        """Return *text* without secrets."""


class Redact:
    """Keep secrets out of names, messages and attributes of every event. Nothing passes that was not looked through.

    Attributes:
        quick: our redactor, which can tell quickly of nearly all texts that there is nothing in them; None where a user's
            patterns or a guard of their own may look for anything: these see everything.
    """

    fails_closed = True

    def __init__(self, guard: Guard, accounts: Accounts, notices: Notices) -> None:
        self._guard = guard
        self._accounts = accounts
        self._notices = notices
        self.quick = guard if type(guard) is Redactor and not guard.has_patterns else None
        self._are_clean = True
        self._clean_names: set[str] = set()
        self._clean_bodies: set[str] = set()
        self._clean_scopes: set[tuple[str, str]] = set()

    def __call__(self, events: list[Event]) -> list[Event]:
        bounds: dict[int, tuple[Mapping[str, Value], Mapping[str, Value]]] = {}
        for start in range(0, len(events), _CHUNK):
            chunk = events[start : start + _CHUNK]
            try:
                if self.quick is not None:
                    self._redact_together(self.quick, chunk)
                else:
                    for event in chunk:
                        self._redact(event, bounds)
            except BaseException as error:  # one that exits would have the stage passed over, and its events go out
                if is_interrupt(error):
                    raise
                self._withhold(chunk, error)
                if isinstance(error, KeyboardInterrupt):
                    raise
            for event in chunk:
                if not self.knows_name(event.name):
                    self._check_name(event)
                if not self.knows(event.scope):
                    self._check_scope(event)
        return events

    def unaffected(self, groups: list[Alike]) -> list[Alike]:
        """Return those *groups* in which there is certainly no secret, as in nearly all of them."""
        redactor = self.quick
        if redactor is None:
            return []
        found = [(group, texts) for group in groups if (texts := self._texts_of(group, redactor)) is not None]
        # Of equal ones one: programs say the same names, models and methods again and again.
        every = list(set().union(*(texts for _, texts in found)))
        # Long ones in portions: joined, they take several times their memory, and keep other threads waiting.
        step = len(every) if sum(map(len, every)) <= _MOST_JOINED else _FEW
        suspects: set[str] = set()
        for start in range(0, len(every), step or 1):
            portion = every[start : start + step]
            suspects.update(portion[index] for index in redactor.scanner.prefilter.suspects(portion))
        clean = [group for group, texts in found if suspects.isdisjoint(texts)]
        for group in clean:
            group.known[self] = True
        return clean

    def _texts_of(self, group: Alike, redactor: Redactor) -> set[str] | None:
        """Return what the prefilter has to see of *group*; None if that is not enough."""
        texts: set[str] = set()
        if self not in group.known and not self._collect_common(group.common, redactor, texts):
            return None
        look = redactor.first_look
        return texts if look.collect_columns(group.columns, group.kinds, group.texts, texts) else None

    def _collect_common(self, common: Event, redactor: Redactor, texts: set[str]) -> bool:
        """Add to *texts* what the prefilter has to see of what is *common* to a group; False if that is not enough."""
        body, bound = common.body, list[str]()
        if common.name not in self._clean_names or common.given_name or not self.knows(common.scope):
            return False
        if body is not None:
            if type(body) is not str or len(body) > LONGEST:
                return False
            if len(body) >= SHORTEST:
                texts.add(body)
        if not redactor.first_look.collect(common.bound, bound):
            return False
        texts.update(bound)
        return True

    def _redact_together(self, redactor: Redactor, events: list[Event]) -> None:
        # Where the last ones were not clean, these are probably not: then one look is enough.
        if not self._are_clean or not _are_clean(events, redactor):
            self._are_clean = _Chunk(redactor, self._clean_bodies).redact(events)

    def _redact(self, event: Event, bounds: dict[int, tuple[Mapping[str, Value], Mapping[str, Value]]]) -> None:
        entry = bounds.get(id(event.bound))
        if entry is None:
            entry = bounds[id(event.bound)] = (event.bound, self._guard.attributes(event.bound))
        event.bound = entry[1]
        event.attributes = dict(self._guard.attributes(event.attributes))
        if event.body is not None:
            event.body = self._guard.value("", event.body)

    def _check_name(self, event: Event) -> None:
        """Redact the names of an event: a program may make them up."""
        try:
            clean = self._guard.text(event.name)
            given = self._guard.text(event.given_name) if event.given_name else ""
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._withhold([event], error)
            event.name = event.given_name = _WITHHELD
            if isinstance(error, KeyboardInterrupt):
                raise
            return
        if clean == event.name:
            if len(self._clean_names) >= _MAX_NAMES:
                self._clean_names.clear()
            self._clean_names.add(event.name)
        event.name, event.given_name = clean, given

    def knows_name(self, name: str) -> bool:
        """Tell whether there is nothing in the *name* of an event, without a look."""
        return name in self._clean_names

    def knows(self, scope: InstrumentationScope) -> bool:
        """Tell whether there is nothing in *scope*, without a look: attributes, which hardly any has, are always looked at."""
        return (scope.name, scope.version) in self._clean_scopes and not scope.attributes

    def _check_scope(self, event: Event) -> None:
        """Redact the scope of an event: the name of a logger may be made up as well."""
        scope = event.scope
        try:
            clean = scope._replace(
                name=self._guard.text(scope.name),
                version=self._guard.text(scope.version),
                attributes=tuple(self._guard.attributes(dict(scope.attributes)).items()),
            )
        except BaseException as error:
            if is_interrupt(error):
                raise
            self._withhold([event], error)
            event.scope = InstrumentationScope(_WITHHELD)
            if isinstance(error, KeyboardInterrupt):
                raise
            return
        if clean == scope:
            if len(self._clean_scopes) >= _MAX_NAMES:
                self._clean_scopes.clear()
            self._clean_scopes.add((scope.name, scope.version))
        event.scope = clean

    def _withhold(self, events: list[Event], error: BaseException) -> None:
        self._accounts.problems.add("redaction_failed", len(events))
        # Not the error's own words: they may quote the value.
        self._notices.warn("redaction_failed", f"values of events were withheld: redaction: {type(error).__name__}")
        for event in events:
            event.attributes = _withheld(event.attributes)
            event.bound = _withheld(event.bound)
            event.body = None if event.body is None else _WITHHELD


def _are_clean(events: Sequence[Event], redactor: Redactor) -> bool:
    """Tell whether there is certainly no secret in any of *events*, as in nearly all batches."""
    texts: list[str] = []
    for event in events:
        body = event.body
        if body is not None:
            if type(body) is not str or len(body) > LONGEST:
                return False
            if len(body) >= SHORTEST:
                texts.append(body)
    shared = {id(event.bound): event.bound for event in events}
    if not redactor.first_look.collect_all([*shared.values(), *[event.attributes for event in events]], texts):
        return False
    # Of equal ones one: programs say the same names, models and methods again and again.
    return not (texts and redactor.scanner.prefilter.suspects(list(set(texts))))


class _Chunk:
    """Looks at the texts of many events at once, then closer at those few that may hold a secret."""

    def __init__(self, redactor: Redactor, clean_bodies: set[str]) -> None:
        self._redactor = redactor
        self._clean_bodies = clean_bodies
        self._texts: list[str] = []
        self._mappings: list[Mapping[str, Value]] = []
        self._starts: list[int] = []  # where in the texts those of each mapping begin
        self._changed: dict[int, Mapping[str, Value]] = {}
        self._walked: set[int] = set()  # the mappings of which every value was looked at

    def redact(self, events: list[Event]) -> bool:
        """Redact *events*; return whether nothing in them was suspect."""
        places: dict[int, int] = {}
        owners: list[tuple[int, int]] = []
        for event in events:
            own = len(self._mappings)
            self._add(event.attributes)
            place = places.get(id(event.bound))
            if place is None:
                place = places[id(event.bound)] = len(self._mappings)
                self._add(event.bound)
            owners.append((own, place))
        bodies_start = len(self._texts)
        bodies = [event for event in events if event.body is not None and self._add_body(event)]
        is_clean = self._look_closer(bodies_start, bodies) and not self._changed
        if self._changed:
            for event, (own, place) in zip(events, owners, strict=True):
                event.attributes = self._changed.get(own, event.attributes)  # type: ignore[assignment]  # a dict, as it was
                event.bound = self._changed.get(place, event.bound)
        return is_clean

    def _add(self, mapping: Mapping[str, Value]) -> None:
        place = len(self._mappings)
        self._mappings.append(mapping)
        start = len(self._texts)
        self._starts.append(start)
        if mapping and not self._redactor.first_look.collect(mapping, self._texts):
            del self._texts[start:]
            self._changed[place] = self._redactor.attributes(mapping)

    def _add_body(self, event: Event) -> bool:
        body = event.body
        if type(body) is not str or len(body) > LONGEST:
            event.body = self._redactor.value("", body)
        elif len(body) >= SHORTEST and body not in self._clean_bodies:
            self._texts.append(body)
            return True
        return False

    def _look_closer(self, bodies_start: int, bodies: list[Event]) -> bool:
        """Redact the suspect ones among the texts; return whether there were none."""
        if not self._texts:
            return True
        suspects = self._redactor.scanner.prefilter.suspects(self._texts)
        if len(self._clean_bodies) < _MAX_BODIES:
            clean = enumerate(self._texts[bodies_start:], start=bodies_start)
            self._clean_bodies.update(
                body for index, body in clean if len(body) <= _LONG_BODY and index not in suspects
            )
        for index, triggers in suspects.items():
            text = self._texts[index]
            if index >= bodies_start:
                bodies[index - bodies_start].body = self._redactor.suspect("", text, triggers)
            else:
                self._look_at(bisect_right(self._starts, index) - 1, text, triggers)
        return not suspects

    def _look_at(self, place: int, text: str, triggers: int) -> None:
        if place in self._walked:
            return
        mapping = self._changed.get(place, self._mappings[place])
        keys = [key for key, value in mapping.items() if value is text]
        if not keys:  # it is nested in one of the values, or went with another text
            self._walked.add(place)  # once: a list may hold a thousand such texts
            self._changed[place] = self._redactor.attributes(mapping)
            return
        changed = {key: self._redactor.suspect(key, text, triggers) for key in keys}
        if any(clean is not text for clean in changed.values()):
            self._changed[place] = {**mapping, **changed}


def _withheld(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value if key in CORRELATION else _WITHHELD for key, value in attributes.items()}
