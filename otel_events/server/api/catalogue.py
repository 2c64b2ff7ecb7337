"""Which types of events there are, which were seen, and which words complete a filter."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import Severity
from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import whole_second
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import TEXT, Parameter
from otel_events.server.store.views import LONGEST_NAME

if TYPE_CHECKING:
    from otel_events.catalog import EventDefinition
    from otel_events.server.server import Server

_SAMPLE = 2_000
_MOST_UNKNOWN = 1_000
_OURS = "otel_events."
# Keys whose values stand in a table, with how often they occur.
_TABLES = {
    # All runs of an id together, of the ids that came up last.
    **{
        column: f"SELECT {column}, (SELECT sum(events) FROM {table} AS every WHERE every.{column} = latest.{column}) FROM"  # noqa: S608
        f" (SELECT {column}, last_seq FROM {table} ORDER BY last_seq DESC LIMIT {_SAMPLE}) AS latest"
        f" GROUP BY {column} ORDER BY max(last_seq) DESC LIMIT ?"
        for column, table in (("task_id", "tasks"), ("session_id", "sessions"))
    },
    "cycle": "SELECT cycle, sum(events) FROM cycles GROUP BY cycle ORDER BY max(last_seq) DESC LIMIT ?",
    "event": f"SELECT name, count FROM names WHERE count > 0 AND NOT is_own AND length(name) <= {LONGEST_NAME} ORDER BY count DESC LIMIT ?",  # noqa: S608  # a number of ours
    **{
        column: f"SELECT text, sum(count) FROM minutes JOIN words ON words.id = {column} GROUP BY text ORDER BY 2 DESC LIMIT ?"  # noqa: S608
        for column in ("persona", "service")
    },
}


def show_catalog(server: Server) -> dict[str, Any]:
    """Return the definitions with how often each was seen, and the most frequent names that nobody has defined."""
    rows = server.store.read().execute("SELECT name, count, first_time, last_time FROM names WHERE count > 0")
    seen = {name: (count, whole_second(first), whole_second(last)) for name, count, first, last in rows}
    current = catalog.current()
    definitions = [_definition(each, *seen.pop(each.name, (0, None, None))) for each in current.definitions()]
    unknown = [
        {"name": name, "seen": count, "first": first, "last": last}
        for name, (count, first, last) in seen.items()
        if name and not name.startswith(_OURS)
    ]
    # A program that makes names up has as many as it likes.
    shown = sorted((each for each in unknown if len(each["name"]) <= LONGEST_NAME), key=_seen, reverse=True)[
        :_MOST_UNKNOWN
    ]
    return {"definitions": definitions, "unknown": sorted(shown, key=_name), "unknown_names": len(unknown)}


def list_names(server: Server, *, limit: int) -> dict[str, Any]:
    """Return the names of events that are kept, the most frequent first."""
    rows = server.store.read().execute(_TABLES["event"], (limit,))
    return {"names": [{"name": name, "count": count} for name, count in rows]}


def list_values(server: Server, *, key: str, limit: int) -> dict[str, Any]:
    """Return values of *key*: from a table where there is one, else of the latest events."""
    if key in _TABLES:
        found = [(str(value), count) for value, count in server.store.read().execute(_TABLES[key], (limit,))]
    else:
        values: Counter[str] = Counter()
        for event in server.store.select(limit=_SAMPLE, newest_first=True):
            text = event.record.text(key)
            if text and len(text) <= LONGEST_NAME:
                values[text] += 1
        found = values.most_common(limit)
    return {"values": [{"value": value, "count": count} for value, count in found]}


def _definition(definition: EventDefinition, seen: int, first: str | None, last: str | None) -> dict[str, Any]:
    severity = definition.severity if definition.severity is not None else Severity.INFO
    return {
        "name": definition.name,
        "brief": definition.brief,
        "message": definition.message,
        "category": definition.category,
        "severity": severity.name,
        "attributes": [
            {"key": each.key, "type": each.type, "brief": each.brief} for each in definition.attributes.values()
        ],
        "rolled_up_in_displays": definition.rolled_up_in_displays,
        "seen": seen,
        "first": first,
        "last": last,
    }


_seen, _name = itemgetter("seen"), itemgetter("name")
_SEEN = {"seen": schemas.COUNT, "first": schemas.maybe(schemas.INSTANT), "last": schemas.maybe(schemas.INSTANT)}

OPERATIONS = (
    Operation(
        "/api/catalog",
        show_catalog,
        "Every event type that is defined, how often it was seen, and names that were seen and nobody has defined: of"
        f" `unknown_names` the {_MOST_UNKNOWN:,} most frequent.",
        schemas.shape(
            definitions=schemas.listing(
                schemas.shape(
                    name=schemas.TEXT,
                    brief=schemas.TEXT,
                    message=schemas.TEXT,
                    category=schemas.TEXT,
                    severity=schemas.TEXT,
                    attributes=schemas.listing(schemas.shape(key=schemas.TEXT, type=schemas.TEXT, brief=schemas.TEXT)),
                    rolled_up_in_displays=schemas.YES_OR_NO,
                    **_SEEN,
                )
            ),
            unknown=schemas.listing(schemas.shape(name=schemas.TEXT, **_SEEN)),
            unknown_names=schemas.COUNT,
        ),
    ),
    Operation(
        "/api/names",
        list_names,
        f"The names of the events that are kept, the most frequent first; of a name longer than {LONGEST_NAME} characters nothing is said here.",
        schemas.shape(names=schemas.listing(schemas.shape(name=schemas.TEXT, count=schemas.COUNT))),
        (parameters.limit(1_000, 10_000),),
    ),
    Operation(
        "/api/values",
        list_values,
        f"Values that a key has, for completing a filter; where no table has them, of the latest {_SAMPLE:,} events.",
        schemas.shape(values=schemas.listing(schemas.shape(value=schemas.TEXT, count=schemas.COUNT))),
        (
            Parameter("key", TEXT, "The key, as a filter spells it.", is_required=True),
            parameters.limit(100),
        ),
    ),
)
