"""What arrived in the Collector's JSONL: numbers by run, duplicates by uid, writers by what they said."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.pipeline.writer_events import STARTED, STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Received:
    """The records of one JSONL file, and of those it was rotated to."""

    def __init__(self, path: Path) -> None:
        self.numbers: defaultdict[str, set[int]] = defaultdict(set)
        self.started: set[str] = set()
        self.stopped: set[str] = set()
        self.runs: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self.sequences: defaultdict[str, set[int]] = defaultdict(set)
        self.names: Counter[str] = Counter()
        self.duplicated = self.records = 0
        self._uids: set[str] = set()
        for record in read_records(path):
            self._add(record)

    def is_unclean(self, run: str) -> bool:
        """Return whether a writer of *run* never said that it stopped."""
        return any(known == run and writer not in self.stopped for writer, known in self.runs.items())

    def holes(self, run: str) -> int:
        """Return how many sequence numbers of *run* are missing between the first and the last that arrived."""
        writers = [numbers for writer, numbers in self.sequences.items() if self.runs.get(writer) == run]
        return sum(max(numbers) - min(numbers) + 1 - len(numbers) for numbers in writers)

    def unstarted(self) -> list[str]:
        """Return the writers that sent events, and never said that they started."""
        return [writer for writer in self.sequences if writer not in self.started]

    def runs_by_count(self) -> dict[str, int]:
        """Return how many events of each run arrived, each once; several programs may have had the same numbers."""
        return dict(self._counts)

    def _add(self, record: dict[str, Any]) -> None:
        name = record.get("eventName", "")
        attributes = {pair["key"]: pair["value"] for pair in record.get("attributes", ())}
        uid = attributes["log.record.uid"]["stringValue"]
        self.records += 1
        if uid in self._uids:
            self.duplicated += 1
            return
        self._uids.add(uid)
        self.names[name] += 1
        writer, _, sequence = uid.rpartition("-")
        self.sequences[writer].add(int(sequence, 16))
        run = attributes.get("run", {}).get("stringValue", "")
        if run:
            self.runs[writer] = run
        if name == STARTED:
            self.started.add(writer)
        elif name == STOPPED:
            self.stopped.add(writer)
        elif "n" in attributes:
            self.numbers[run].add(int(attributes["n"]["intValue"]))
            self._counts[run] += 1


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield every log record as OTLP-JSON has it."""
    for file in [*sorted(path.parent.glob(f"{path.stem}-*{path.suffix}")), path]:
        if not file.exists():  # the Collector makes it with the first record
            continue
        with file.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):  # being written right now: nobody has had an answer to it
                    continue
                for group in orjson.loads(line)["resourceLogs"]:
                    for scoped in group["scopeLogs"]:
                        yield from scoped["logRecords"]
