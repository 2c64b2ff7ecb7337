"""The sink that publishes on a channel of Redis and adds to one of its streams."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from otel_events.otlp.outcome import Accepted, Refused, Retry, Unreachable, say
from otel_events.sinks.message_sink import Destination, MessageSink
from otel_events.sinks.messages import read_messages
from otel_events.sinks.plan import address_of, check_plan, url_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from otel_events.otlp.outcome import Outcome
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.message_sink import Materials
    from otel_events.sinks.shapes import Shape

FIELD = "event"
DEFAULT_CHANNEL = "v5:events"
DEFAULT_STREAM = "v5:stream"
_OF_A_CLUSTER = frozenset({"MovedError", "AskError", "ClusterDownError"})
_AT_LEAST = 0.05  # seconds for an attempt, however near the end is


@dataclass(frozen=True, slots=True, repr=False)
class Redis:
    """Events as messages of Redis.

    Attributes:
        url: `redis://`, `rediss://` (TLS) or `unix://`, with user, password and database as needed.
        channel: to publish on; None for none.
        stream: to add to, as the field `event`; None for none.
        stream_max_entries: about how many entries the stream keeps; None for all.
        shape: `line`, `flat`, `broadcast`, or a function from the ledger's line to what is JSON.
        timeout: seconds for an answer.
        certificate: PEM file of the authorities to trust instead of the system's.
        client_certificate: PEM file that shows who we are.
        client_key: its key, unless the certificate's file holds it.
        name: by which routes and counts know the sink.

    Raises:
        ConfigurationError: it cannot work.
    """

    url: str = "redis://localhost:6379"
    channel: str | None = DEFAULT_CHANNEL
    stream: str | None = DEFAULT_STREAM
    stream_max_entries: int | None = 10_000
    shape: Shape = "line"
    timeout: float = 5.0
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    name: str = "redis"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_plan("Redis", self.name, self._problems(), "redis")

    def __repr__(self) -> str:
        """Name the place; credentials stay out of logs and tracebacks."""
        return f"Redis({self.address!r}, channel={self.channel!r}, stream={self.stream!r})"

    @property
    def address(self) -> str:
        """The URL without credentials."""
        return address_of(self.url, 6379)

    def build(self, materials: Materials) -> MessageSink:
        """Return the sink; nothing is connected yet."""
        return MessageSink(self.destination(), self.transport(), materials)

    def destination(self) -> Destination:
        """Return where messages go."""
        facts = (self.channel, self.stream, urlsplit(self.url).username)
        return Destination(self.name, self.address, facts, self.shape)

    def transport(self) -> Transport:
        """Return what sends them; it connects at its first `send`."""
        return _Transport(self)

    def connect(self, seconds: float) -> redis.Redis:
        """Return a client that waits *seconds* for an answer, and never tries again by itself; nothing is connected yet."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry as Attempts

        files = {
            "ssl_ca_certs": self.certificate,
            "ssl_certfile": self.client_certificate,
            "ssl_keyfile": self.client_key,
        }
        tls = {key: file for key, file in files.items() if file} if self.url.startswith("rediss:") else {}
        client: redis.Redis = redis.Redis.from_url(
            self.url,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Attempts(NoBackoff(), 0),  # trying again is the sender's work, which counts and tells it
            protocol=2,
            **tls,
        )
        return client

    def _problems(self) -> Iterator[str]:
        if "," in self.url.partition("://")[2].partition("/")[0].rpartition("@")[2]:
            yield "the URL must name one server: Redis Cluster and Sentinel are not spoken"
        else:
            yield from url_problems(self.url, ("redis", "rediss", "unix"))
        if self.channel is None and self.stream is None:
            yield "it needs a channel, a stream, or both"


class _Transport:
    """Sends messages over one connection, each request as one transaction: all of it or nothing."""

    def __init__(self, plan: Redis) -> None:
        self._plan = plan
        self._client: redis.Redis | None = None
        self._client_seconds = 0.0
        self._is_interrupted = False

    def send(self, body: bytes, _encoding: str | None, deadline: float) -> Outcome:
        """Add and publish the messages of *body*; return what became of them."""
        from redis.exceptions import AuthenticationError, RedisError, ResponseError

        try:
            self._execute(body, deadline)
        except AuthenticationError as error:
            return self._away(Retry(say("check user and password", _words(error))))
        except ResponseError as error:
            return _answered(error)
        except (RedisError, OSError) as error:
            return self._away(Unreachable(say(_words(error) or type(error).__name__)))
        return Accepted()

    def interrupt(self) -> None:
        """End the sending in flight at once, and every later one."""
        self._is_interrupted = True
        if (client := self._client) is not None:
            client.connection_pool.disconnect()

    def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _execute(self, body: bytes, deadline: float) -> None:
        plan = self._plan
        with self._connected(deadline).pipeline(transaction=True) as pipe:
            messages = read_messages(body)
            if plan.stream is not None:
                for message in messages:
                    entry: dict[Any, Any] = {FIELD: message.payload}
                    pipe.xadd(plan.stream, entry, maxlen=plan.stream_max_entries, approximate=True)
            if plan.channel is not None:
                for message in messages:
                    pipe.publish(plan.channel, message.payload)
            pipe.execute()

    def _connected(self, deadline: float) -> redis.Redis:
        if self._is_interrupted:
            raise OSError("interrupted")
        seconds = min(self._plan.timeout, max(_AT_LEAST, deadline - time.monotonic()))
        # With less time than usual the connection is made anew: its waits are set when it is made.
        if self._client is None or seconds < self._client_seconds:
            self.close()
            self._client, self._client_seconds = self._plan.connect(seconds), seconds
        return self._client

    def _away(self, outcome: Outcome) -> Outcome:
        self.close()
        return outcome


def _answered(error: Exception) -> Outcome:
    """Return what Redis said no to: what it may take later waits, unless the stream's key holds something else."""
    words = say(_words(error))
    if type(error).__name__ in _OF_A_CLUSTER:
        return Retry(say("this is a Redis Cluster, which is not spoken: name a Redis that stands alone", words))
    if "WRONGTYPE" in words:
        return Refused(say("the key named as stream holds something else", words))
    return Retry(words)


def _words(error: Exception) -> str:
    # The client puts the whole command in front, and so what the event says.
    return str(error).rpartition("caused error: ")[2]
