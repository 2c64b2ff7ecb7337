"""What an old file and a new one of a parallel run say otherwise, counted: the same whatever their size."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_events.ledger.instants import format_instant
from otel_events.migrating.differences import compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.migrating.differences import Difference
    from otel_events.migrating.pairing import Pair
    from otel_events.migrating.said import Said

_MOST_NAMES = 1_000
# Which of the two says something of a field that is so.
_SIDES = {"missing": ("old",), "extra": ("new",)}
_OTHERS = "(others)"


@dataclass(slots=True)
class Comparison:
    """The outcome.

    Attributes:
        most_examples: how many of each kind are kept.
        old: events in the old file.
        new: events in the new one.
        same: pairs that say the same, but for what was redacted.
        different: pairs that do not.
        missing: events that only the old file has.
        extra: events that only the new one has.
        names: for each name how many of these there are.
        fields: for each field in how many pairs it is `missing`, `extra`, `different` or `redacted` in the new file.
        examples: of pairs that differ, with all that either side says, and of events that are missing or extra.
    """

    most_examples: int = 3
    old: int = 0
    new: int = 0
    same: int = 0
    different: int = 0
    missing: int = 0
    extra: int = 0
    names: dict[str, Counter[str]] = field(default_factory=dict)
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Return whether the new file says what the old one does."""
        return not (self.different or self.missing or self.extra)

    def add(self, pairs: Iterable[Pair]) -> None:
        """Count *pairs*."""
        for old, new in pairs:
            self.old += old is not None
            self.new += new is not None
            if old is None or new is None:
                self._add_single(old, new)
            else:
                self._add_pair(old, new, list(compare(old.fields, new.fields)))

    def _add_single(self, old: Said | None, new: Said | None) -> None:
        said = old or new
        assert said is not None
        kind = "missing" if new is None else "extra"
        if kind == "missing":
            self.missing += 1
        else:
            self.extra += 1
        self._count(said.name, kind)
        self._keep({"kind": kind, "event": said.name, "time": _show(said.time), "fields": said.fields})

    def _add_pair(self, old: Said, new: Said, differences: list[Difference]) -> None:
        for each in differences:
            _counter(self.fields, each.field)[each.kind] += 1
        told = [each for each in differences if each.kind != "redacted"]
        if not told:
            self.same += 1
            self._count(old.name, "same")
            return
        self.different += 1
        self._count(old.name, "different")
        fields = {each.field: _SIDES.get(each.kind, ("old", "new")) for each in told}
        times = {"old_time": _show(old.time), "new_time": _show(new.time)}
        self._keep(
            {"kind": "different", "event": old.name, **times, "fields": fields, "old": old.fields, "new": new.fields}
        )

    def _count(self, name: str, kind: str) -> None:
        _counter(self.names, name)[kind] += 1

    def _keep(self, example: dict[str, Any]) -> None:
        if sum(each["kind"] == example["kind"] for each in self.examples) < self.most_examples:
            self.examples.append(example)


def _counter(counters: dict[str, Counter[str]], name: str) -> Counter[str]:
    if name not in counters and len(counters) >= _MOST_NAMES:
        name = _OTHERS
    return counters.setdefault(name, Counter())


def _show(time: int) -> str:
    return format_instant(time) if time else ""
