"""The same corpus through the scrubbers of others. Run by `redaction_report`, in a Python that has them."""

from __future__ import annotations

import copy
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.redaction_corpus import harmless, samples

if TYPE_CHECKING:
    from collections.abc import Callable

Scrub: TypeAlias = "Callable[[dict[str, Any]], dict[str, Any]]"


def left(value: Any) -> str:
    """Return all text in *value*, keys included."""
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{left(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "\n".join(map(left, value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# What was withheld because it could not be looked through was not found.
_FAILED = "<REDACTED:failed>"


def score(scrub: Scrub, seed: int, per_kind: int, strings: int) -> dict[str, Any]:
    """Return what *scrub* finds by kind and by place, what it touches of ordinary strings, and its time."""
    tried, found, places_tried, places_found = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for kind, place, core, attributes in samples(seed, per_kind):
        clean = left(scrub(attributes))
        is_found = core not in clean and _FAILED not in clean
        tried[kind] += 1
        places_tried[place] += 1
        found[kind] += is_found
        places_found[place] += is_found
    pairs = list(harmless(seed, strings))
    began = time.process_time()
    touched = Counter(key for key, value in pairs if left(scrub({key: value})) != left({key: value}))
    spent = time.process_time() - began
    return {
        "recall": {kind: found[kind] / tried[kind] for kind in tried},
        "places": {place: places_found[place] / places_tried[place] for place in places_tried},
        "tried": sum(tried.values()),
        "found": sum(found.values()),
        "ordinary": len(pairs),
        "touched": touched.total(),
        "by_key": dict(touched.most_common(8)),
        "microseconds": spent / len(pairs) * 1e6,
    }


def _logfire() -> Scrub:
    from logfire._internal.scrubbing import Scrubber  # type: ignore[import-not-found, unused-ignore]

    scrubber = Scrubber([])
    return lambda attributes: dict(scrubber.scrub_value(("attributes",), attributes)[0])


def _sentry() -> Scrub:
    from sentry_sdk.scrubber import EventScrubber  # type: ignore[import-not-found, unused-ignore]

    scrubber = EventScrubber(recursive=True)

    def scrub(attributes: dict[str, Any]) -> dict[str, Any]:
        event: Any = {"extra": copy.deepcopy(attributes)}
        scrubber.scrub_event(event)
        return dict(event["extra"])

    return scrub


PEERS: dict[str, Callable[[], Scrub]] = {"logfire": _logfire, "sentry": _sentry}


def main() -> None:
    """Print the scores of those peers that are installed, as JSON."""
    seed, per_kind, strings = map(int, sys.argv[1:4])
    scores = {}
    for name, make in PEERS.items():
        try:
            scrub = make()
        except ImportError:
            continue
        scores[name] = score(scrub, seed, per_kind, strings)
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main()
