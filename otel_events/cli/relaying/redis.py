"""Messages of a Redis stream and a channel, as the older broadcaster publishes them."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from otel_events.cli.relaying.message import Batch, Message, RelayError
from otel_events.notices import Notices
from otel_events.otlp.outcome import say
from otel_events.sinks.redis import FIELD, Redis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST = 500
_BLOCK = 1000  # milliseconds
_LONGEST_PAUSE = 5.0
_REMEMBERED = 20_000  # twice what the broadcaster's stream holds


class RedisSource:
    """The entries of a stream, and what is said on a channel; the place is the entry.

    What is said on both is one message. Redis may go away and come back.

    Args:
        plan: which Redis, stream and channel.
        once: end with the last entry that is there now.
        from_now: without a place, begin with what comes.
    """

    def __init__(self, plan: Redis, *, once: bool, from_now: bool) -> None:
        self.name = f"redis:{plan.address} {plan.stream} {plan.channel}"
        self._plan = plan
        self._once = once
        self._from_now = from_now
        self._notices = Notices()
        self._client: Any = None
        self._listening: Any = None
        self._seen: OrderedDict[bytes, list[int]] = OrderedDict()

    def read(self, place: Any) -> Iterator[Batch]:
        """Yield what comes behind *place*."""
        from redis.exceptions import AuthenticationError, RedisError

        pause = 0.1
        while True:
            try:
                for batch in self._connected(place):
                    place, pause = batch.place or place, 0.1
                    yield batch
                return
            except AuthenticationError as error:  # noqa: PERF203  # the loop is there for what fails
                raise RelayError(f"Redis at {self._plan.address} lets nobody in: {say(str(error))}") from None
            except (RedisError, OSError) as error:
                self.close()
                said = say(str(error) or type(error).__name__)
                if self._once:
                    raise RelayError(f"Redis at {self._plan.address} cannot be read: {said}") from None
                self._notices.warn("redis", f"Redis at {self._plan.address} is away ({said}); trying again")
                yield Batch()
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def close(self) -> None:
        """Let go of the connections."""
        listening, self._listening = self._listening, None
        client, self._client = self._client, None
        for each in (listening, client):
            if each is not None:
                each.close()

    def _connected(self, place: Any) -> Iterator[Batch]:
        client: Any = self._plan.connect(_BLOCK / 1000 + self._plan.timeout)
        self._client = client
        if self._plan.channel is not None:
            self._listening = client.pubsub(ignore_subscribe_messages=True)
            self._listening.subscribe(self._plan.channel)
        place = self._begin(place)
        while True:
            heard = self._hear()
            entries = self._entries(place)
            if entries:
                place = entries[-1][0].decode()
            elif self._once:
                if heard:
                    yield Batch(heard, place)
                return
            yield Batch([*heard, *self._messages(entries)], place)

    def _begin(self, place: Any) -> str:
        stream = self._plan.stream
        if not isinstance(place, str):
            last: Any = self._client.xrevrange(stream, count=1) if self._from_now and stream is not None else ()
            return str(last[0][0].decode()) if last else "0-0"
        first: Any = self._client.xrange(stream, count=1) if stream is not None else ()
        if first and _number(first[0][0].decode()) > _number(place) and place != "0-0":
            self._notices.warn("trimmed", f"entries behind {place} have left the stream {stream} before they were read")
        return place

    def _entries(self, place: str) -> Sequence[tuple[bytes, dict[bytes, bytes]]]:
        if self._plan.stream is None:
            time.sleep(_BLOCK / 10_000)
            return ()
        # A channel must not be left waiting for the stream.
        block = None if self._once else _BLOCK // 10 if self._listening is not None else _BLOCK
        answer: Any = self._client.xread({self._plan.stream: place}, count=_MOST, block=block)
        return answer[0][1] if answer else ()

    def _hear(self) -> list[Message]:
        heard: list[Message] = []
        while self._listening is not None and len(heard) < _MOST:
            message = self._listening.get_message(timeout=0)
            if message is None:
                break
            if message["type"] == "message" and (key := self._pair(message["data"], 0)) is not None:
                heard.append(Message(message["data"], key))
        return heard

    def _messages(self, entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[Message]:
        made: list[Message] = []
        for entry, fields in entries:
            payload = (fields or {}).get(FIELD.encode())
            if payload is None:  # deleted meanwhile, or somebody else's
                continue
            key = self._pair(payload, 1) if self._listening is not None else f"{self._plan.stream} {entry.decode()}"
            if key is not None:
                made.append(Message(payload, key))
        return made

    def _pair(self, payload: bytes, way: int) -> str | None:
        """Return the key of *payload*, the same on both ways; None if it has come on the other one."""
        counts = self._seen.setdefault(payload, [0, 0])
        self._seen.move_to_end(payload)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        before = max(counts)
        counts[way] += 1
        return f"{self._plan.stream} {self._plan.channel} {before}" if max(counts) > before else None


def _number(entry: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.split("-"))
