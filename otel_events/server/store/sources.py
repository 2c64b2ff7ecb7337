"""Lines of the ledger for what came from anywhere, each under the header of whoever emitted it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import orjson

from otel_events.ledger.line import EventsFormat
from otel_events.ledger.tags import tag_attributes
from otel_events.reading.uids import prefix_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.event import Event, Resource
    from otel_events.server.store.stored import Arrival

_MAX_SOURCES = 2_048
_MAX_RESOURCES = 256


@dataclass(slots=True, eq=False)
class _Source:
    """One writer with one resource.

    Attributes:
        form: makes its lines.
        service: by which readers find the header of events that name no writer.
        writer: the prefix of its uids; empty if it has none.
        file: the number of the file in which its header stands, 0 for none.
    """

    form: EventsFormat
    service: str
    writer: str
    file: int = 0


class Sources:
    """Makes lines, and the header of each source once in each file, so that no line has to repeat it."""

    def __init__(self) -> None:
        self._sources: dict[tuple[bytes, str], _Source] = {}
        self._resource_keys: dict[int, tuple[Resource, bytes]] = {}
        self._file = 1
        # Readers take the last header of a service for those of its events that name no writer.
        self._last_of_service: dict[str, _Source] = {}
        # Of the lines made last: whose they are, and whether the header is among them.
        self._used: dict[int, tuple[_Source, bool]] = {}

    def begin_file(self) -> bytes:
        """Return the headers that the lines made last need in the new file that they go to."""
        self._file += 1
        used, self._used = self._used, {}
        for source, has_header in used.values():
            source.file = self._file if has_header else 0
        return b"".join(self._introduce(source) for source, has_header in used.values() if not has_header)

    def encode(self, arrivals: Sequence[Arrival]) -> list[bytes]:
        """Return the lines of *arrivals* in pieces, with headers where they are needed, each line with its newline."""
        lines: list[bytes] = []
        self._used = {}
        for (_, writer), some in groupby(arrivals, _whose):
            together = list(some)
            source = self._source_of(together[0].resource, writer)
            needs_header = self._needs_header(source)
            if needs_header:
                lines.append(self._introduce(source))
            self._used.setdefault(id(source), (source, needs_header))
            lines.append(source.form.encode_all([arrival.event for arrival in together], _refuse).text)
        return lines

    def _source_of(self, resource: Resource, writer: str) -> _Source:
        key = (self._key_of(resource), writer)
        source = self._sources.get(key)
        if source is None:
            if len(self._sources) >= _MAX_SOURCES:
                self._sources.clear()
                self._last_of_service.clear()
            attributes = resource.attributes
            service = str(attributes.get("service.name", ""))
            form = EventsFormat(service=service, resource=attributes, writer_id=writer)
            source = self._sources[key] = _Source(form, service, writer)
        return source

    def _key_of(self, resource: Resource) -> bytes:
        # Events of one request share their resource: it is looked at once.
        known = self._resource_keys.get(id(resource))
        if known is None:
            if len(self._resource_keys) >= _MAX_RESOURCES:
                self._resource_keys.clear()
            text = orjson.dumps(tag_attributes(resource.attributes), option=orjson.OPT_SORT_KEYS, default=str)
            known = self._resource_keys[id(resource)] = (resource, text)
        return known[1]

    def _needs_header(self, source: _Source) -> bool:
        if source.file != self._file:
            return True
        return not source.writer and self._last_of_service.get(source.service) is not source

    def _introduce(self, source: _Source) -> bytes:
        source.file = self._file
        self._last_of_service[source.service] = source
        return source.form.header()


def _whose(arrival: Arrival) -> tuple[int, str]:
    """Return what tells whose an event is: of one request, by its resource, and by its writer if it is one of ours."""
    return id(arrival.resource), prefix_of(arrival.event.uid)


def _refuse(_event: Event, error: Exception) -> None:
    raise error
