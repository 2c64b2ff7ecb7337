"""Events out of the live stream of `otel-events serve`: what comes over its WebSocket, what is older from its API."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import orjson

from otel_events.reading.decode import Decoder
from otel_events.reading.lines import Block
from otel_events.reading.sources import SourceError
from otel_events.tui.backlog import Backlog
from otel_events.tui.kept_lines import KeptLines
from otel_events.tui.source import Arrival, Condition, Notice, Place, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.reading.record import Record

_FIRST = 1_000
_PAUSES = (0.5, 1.0, 2.0, 5.0)
_ALL = "*, otel_events.*"  # what writers say of themselves, too: it says how they ended, and has numbers among theirs
_TIMEOUT = 10.0
_PAGE = 1_000
_REFUSED = 1008
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class _BegunAnewError(Exception):
    """The server does not have the events that came before: its ledger is another one."""


class StreamSource:
    """A server's events; when it goes away, it is tried again from where it was.

    Args:
        address: of the page, `http://127.0.0.1:5001`.
        token: of the server; empty for the one in this user's state directory.

    Raises:
        SourceError: the address is none.
    """

    def __init__(self, address: str, *, token: str = "") -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SourceError(f"{address} is no address of a server: http://127.0.0.1:5001 is one")
        self._parts = parts
        # The token of this user's own server is for no other machine.
        self._token = token or (_token_of_this_user() if parts.hostname in _HERE else "")
        self._decoder = Decoder()
        self._kept = KeptLines()
        self._backlog = Backlog()
        self._is_closing = Event()
        self._connection: Any = None
        self._asked: http.client.HTTPConnection | None = None
        self._cursor: int | None = None
        self._newest: dict[str, Any] | None = None
        self._is_known = True  # the server has shown that it is the one that gave the newest event
        self._first: int | None = None
        self._has_older = True
        self._lost = 0
        self._state: State = "starting"
        self._problem = ""
        self._thread = Thread(target=self._run, name="otel_events-tui-stream", daemon=True)

    @property
    def name(self) -> str:
        """Return the address without anything secret."""
        return f"{self._parts.scheme}://{self._parts.hostname}:{self._port}"

    def start(self) -> None:
        """Connect, on a thread of its own."""
        self._thread.start()

    def take(self) -> list[Arrival | Notice]:
        """Return what came since the last call."""
        return self._backlog.take()

    def read(self, places: Sequence[Place]) -> list[Record | None]:
        """Return the records at *places*."""
        return list(self._kept.read(places))

    def condition(self) -> Condition:
        """Return how the connection is."""
        text = f"{self.name}: {self._problem}" if self._problem else self.name
        return Condition(self._state, text, lost=self._lost, passed_over=self._decoder.report.passed_over)

    def close(self) -> None:
        """Close the connection; its thread ends by that."""
        self._is_closing.set()
        if self._connection is not None:
            self._connection.close_socket()
        asked = self._asked.sock if self._asked is not None else None
        if asked is not None:
            with suppress(OSError):  # it is closed by now
                asked.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(1.0)
        if not self._thread.is_alive():
            self._kept.close()

    def older(self, most: int) -> list[Arrival] | None:
        """Return events from before those given so far, by the server's API."""
        if self._first is None:
            return None
        if not self._has_older:
            return []
        try:
            page = self._ask("/api/events", {"before": self._first, "order": "newest", "limit": min(most, _PAGE)})
            events = page["events"][::-1]
            first = int(events[0]["seq"]) if events else None
            arrivals = self._keep(events)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, http.client.HTTPException) as error:
            self._problem = f"older events cannot be had: {error}"
            self._is_closing.wait(_PAUSES[-1])  # this is a thread of its own: asked again, but not at once
            return None
        self._has_older = first is not None
        self._first = first or self._first
        return arrivals

    @property
    def _port(self) -> int:
        return self._parts.port or (443 if self._parts.scheme == "https" else 80)

    def _run(self) -> None:
        tries = 0
        while not self._is_closing.is_set() and self._state != "refused":
            before = self._cursor
            try:
                self._listen()
            except _BegunAnewError:
                self._begin_anew()
            except Exception as error:  # whatever a network does, the screen says it and tries again
                self._problem = _spell(error)
                self._state = "refused" if _is_refusal(error) else "away"
            if self._is_closing.is_set():
                self._kept.close()
                return
            tries = 0 if self._cursor != before else tries + 1
            self._is_closing.wait(_PAUSES[min(tries, len(_PAUSES) - 1)])

    def _listen(self) -> None:
        from websockets.sync.client import connect

        query = urlencode({"from": self._begin(), "filter": _ALL})
        scheme = "wss" if self._parts.scheme == "https" else "ws"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        address = f"{scheme}://{self._parts.netloc}{self._parts.path.rstrip('/')}/stream?{query}"
        with connect(
            address, additional_headers=headers, max_size=None, open_timeout=_TIMEOUT, proxy=None
        ) as connection:
            self._connection = connection
            if self._is_closing.is_set():
                return
            self._state, self._problem = "live", ""
            for message in connection:
                if self._is_closing.is_set():
                    return
                self._take_frame(orjson.loads(message))
            if not self._is_closing.is_set():
                self._state, self._problem = "away", "the server ended the stream"

    def _begin(self) -> int | str:
        """Return where the stream is to begin: with the newest event once more, by which the server is known again."""
        if self._newest is None:
            return f"last:{_FIRST}" if self._cursor is None else self._cursor
        self._is_known = False
        begin: int = self._newest["seq"] - 1
        return begin

    def _begin_anew(self) -> None:
        """Take the events of another ledger; what is older than they are has no place before those that are shown."""
        self._cursor = self._newest = None
        self._has_older = False
        self._backlog.put([Notice("the server began anew: from here on its newest events")], self._is_closing)

    def _take_frame(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "hello":
            self._note_hello(frame)
        elif kind == "events":
            self._take_events(frame["events"])
        elif kind == "counts":
            self._note_counts(frame)
        elif kind == "gap":
            self._note_gap(frame["dropped"], f"between {frame['from']:,} and {frame['to']:,}")
        elif kind == "error":
            self._problem = str(frame.get("problem", ""))
        self._cursor = max(frame.get("cursor", 0), self._cursor or 0)

    def _note_hello(self, frame: dict[str, Any]) -> None:
        """See from where on the server has events, or raise _BegunAnewError."""
        first, cursor = frame.get("first") or 1, self._cursor
        if cursor is None:
            return
        if frame["cursor"] < (cursor if self._newest is None else self._newest["seq"] - 1):
            raise _BegunAnewError
        if first > cursor + 1:
            self._note_gap(first - cursor - 1, "no longer kept by the server, while it was away")

    def _take_events(self, events: Sequence[dict[str, Any]]) -> None:
        """Keep what is new among *events*, or raise _BegunAnewError: the first that the server gives again is another one."""
        newest = self._newest
        if newest is not None:
            if not self._is_known and events and events[0]["seq"] == newest["seq"] and events[0] != newest:
                raise _BegunAnewError
            self._is_known = self._is_known or bool(events)
            events = [each for each in events if each["seq"] > newest["seq"]]
        if events:
            self._newest = events[-1]
            self._first = self._first or events[0]["seq"]
            self._backlog.put(self._keep(events), self._is_closing)

    def _note_counts(self, frame: dict[str, Any]) -> None:
        counts = frame["counts"]
        said = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1])[:4])
        self._backlog.put(
            [Notice(f"only counted, this screen was too slow: {said}", sum(counts.values()))], self._is_closing
        )
        self._lost += sum(counts.values())

    def _note_gap(self, count: int, where: str) -> None:
        self._lost += count
        self._backlog.put([Notice(f"gap: {count:,} events {where}", count)], self._is_closing)

    def _keep(self, events: Sequence[dict[str, Any]]) -> list[Arrival]:
        lines = [orjson.dumps({key: value for key, value in event.items() if key != "seq"}) for event in events]
        return self._kept.keep(list(self._decoder.decode(Block(lines))))

    def _ask(self, path: str, query: dict[str, Any]) -> Any:
        host = self._parts.hostname or ""
        connection: http.client.HTTPConnection
        if self._parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, self._port, timeout=_TIMEOUT, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, self._port, timeout=_TIMEOUT)
        self._asked = connection
        try:
            connection.request(
                "GET",
                f"{self._parts.path.rstrip('/')}{path}?{urlencode(query)}",
                headers={"Authorization": f"Bearer {self._token}"} if self._token else {},
            )
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                raise OSError(f"the server answered {answer.status}")
            return json.loads(body)
        finally:
            self._asked = None
            connection.close()


def _token_of_this_user() -> str:
    from otel_events.state_directory import state_directory

    try:
        return (state_directory() / "server" / "token").read_text("utf-8").strip()
    except OSError:
        return ""  # a server on loopback may be asked all the same, and says so if it may not


def _is_refusal(error: Exception) -> bool:
    status = getattr(getattr(error, "response", None), "status_code", None)
    code = getattr(getattr(error, "rcvd", None), "code", None)
    return status in {400, 401, 403, 404} or code == _REFUSED


def _spell(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in {401, 403}:
        return "the server wants its token: --token, or OTEL_EVENTS_SERVER_TOKEN"
    if status is not None:
        return f"the server answered {status}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
