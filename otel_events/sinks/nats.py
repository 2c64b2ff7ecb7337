"""The sink that publishes on subjects of NATS, through JetStream where a stream is named."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from otel_events.otlp.outcome import Accepted, Retry, TooLarge, Unreachable, say
from otel_events.sinks.message_sink import Destination, MessageSink
from otel_events.sinks.messages import read_messages
from otel_events.sinks.plan import address_of, check_plan, tls_context, url_problems

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence

    from nats.aio.client import Client
    from nats.js import JetStreamContext

    from otel_events.otlp.outcome import Outcome
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.message_sink import Materials
    from otel_events.sinks.messages import Message
    from otel_events.sinks.shapes import Shape

DEFAULT_SUBJECT = "events.{event}"
_EVENT = "{event}"
_FORBIDDEN = "permissions violation"
_MARKS = ("BEGIN NATS USER JWT", "BEGIN USER NKEY SEED")
_UNFIT = re.compile(r"[\s*>\x00-\x1f]")
_AT_LEAST = 0.05  # seconds for an attempt, however near the end is
_CLOSING = 0.2  # seconds for a farewell
_MESSAGE_ID = "Nats-Msg-Id"  # by which JetStream knows what it has already


@dataclass(frozen=True, slots=True, repr=False)
class Nats:
    """Events as messages of NATS.

    Attributes:
        url: `nats://` or `tls://`, with user and password or a token as needed; several with commas between.
        subject: `{event}` in it is the event's name; or a function from the ledger's line to a subject.
        stream: of JetStream, made if it is not there; None for core NATS, which keeps nothing.
        credentials: file of credentials (`.creds`), or of an NKey's seed (`.nk`), which show who we are.
        shape: `line`, `flat`, `broadcast`, or a function from the ledger's line to what is JSON.
        timeout: seconds for an answer.
        certificate: PEM file of the authorities to trust instead of the system's.
        client_certificate: PEM file that shows who we are.
        client_key: its key, unless the certificate's file holds it.
        name: by which routes and counts know the sink.

    Raises:
        ConfigurationError: it cannot work.
    """

    url: str = "nats://localhost:4222"
    subject: str | Callable[[dict[str, Any]], str] = DEFAULT_SUBJECT
    stream: str | None = None
    credentials: str | None = None
    shape: Shape = "line"
    timeout: float = 5.0
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    name: str = "nats"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_plan("Nats", self.name, self._problems(), "nats")

    def __repr__(self) -> str:
        """Name the place; credentials stay out of logs and tracebacks."""
        return f"Nats({self.address!r}, subject={self.subject!r}, stream={self.stream!r})"

    @property
    def urls(self) -> list[str]:
        """Each URL by itself."""
        return [url.strip() for url in self.url.split(",") if url.strip()]

    @property
    def address(self) -> str:
        """The URLs without credentials."""
        return ",".join(address_of(url, 4222) for url in self.urls)

    def build(self, materials: Materials) -> MessageSink:
        """Return the sink; nothing is connected yet."""
        return MessageSink(self.destination(), self.transport(), materials)

    def destination(self) -> Destination:
        """Return where messages go."""
        subject = self.subject
        choose = partial(_choose, subject) if isinstance(subject, str) else _checked(subject)
        facts = (self.stream, *(urlsplit(url).username for url in self.urls))
        return Destination(self.name, self.address, facts, self.shape, choose)

    def transport(self) -> Transport:
        """Return what sends them; it connects at its first `send`."""
        return _Transport(self)

    async def connect(
        self,
        seconds: float,
        note: Callable[[Exception], Awaitable[None]],
        ended: Callable[[], Awaitable[None]] | None = None,
    ) -> Client:
        """Return a connection that does not come back by itself; or raise.

        *note* is told what the server says no to, and *ended* is called once the connection is closed, by whomever.
        """
        from nats.aio.client import Client
        from nats.errors import NoServersError

        client, reasons = Client(), list[Exception]()

        async def hear(error: Exception) -> None:
            if not client.is_connected:
                reasons.append(error)
            await note(error)

        is_tls = any(url.startswith("tls:") for url in self.urls)
        # Before the client is asked for anything: a file that is missing is to be told, and not that it was never connected.
        tls = tls_context(self.certificate, self.client_certificate, self.client_key) if is_tls else None
        login = self._login()
        try:
            await client.connect(
                self.urls,
                name="otel_events",
                error_cb=hear,
                closed_cb=ended,
                allow_reconnect=False,
                # It would wait for a server that is not there; each is tried at once, and then it is said.
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=max(1, round(seconds)),
                tls=tls,
                **login,
            )
        except BaseException as error:
            await client.close()  # it leaves its socket open
            if isinstance(error, NoServersError) and reasons:
                raise reasons[0] from None
            raise
        return client

    def _login(self) -> dict[str, Any]:
        if self.credentials is None:
            return {}
        path = Path(self.credentials).expanduser()
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".nk":
            return {"nkeys_seed_str": text.strip()}
        if not all(mark in text for mark in _MARKS):  # the client would look for them forever
            raise ValueError(f"{path} holds no credentials of NATS")
        return {"user_credentials": str(path)}

    def _problems(self) -> Iterator[str]:
        if self.credentials is not None and importlib.util.find_spec("nkeys") is None:
            yield "credentials need the package nkeys, which is not installed: pip install nkeys"
        if not self.urls:
            yield "it needs a URL"
        for url in self.urls:
            yield from url_problems(url, ("nats", "tls"))
        if isinstance(self.subject, str) and not _is_subject(self.subject.replace(_EVENT, "event")):
            yield f"subject {self.subject!r} must be words with dots between, such as {DEFAULT_SUBJECT!r}"
        elif isinstance(self.subject, str) and self.stream and _EVENT in self.subject.removesuffix(_EVENT):
            yield f"subject {self.subject!r} must have {_EVENT} at its end, for the stream to be made"


class _Transport:
    """Sends messages over one connection, whose event loop runs while there is something to send."""

    def __init__(self, plan: Nats) -> None:
        self._plan = plan
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._client: Client | None = None
        self._jetstream: JetStreamContext | None = None  # of the client: each would subscribe to answers of its own
        self._has_stream = False
        self._violations: list[str] = []
        self._is_interrupted = False

    def send(self, body: bytes, _encoding: str | None, deadline: float) -> Outcome:
        """Publish the messages of *body*; return what became of them."""
        if self._is_interrupted:
            return Unreachable("interrupted")
        seconds = min(self._plan.timeout, max(_AT_LEAST, deadline - time.monotonic()))
        outcome: Outcome
        try:
            outcome = self._run(self._deliver(read_messages(body), seconds), seconds)
        except asyncio.CancelledError:
            outcome = Unreachable(self._why_cancelled())
        except (TimeoutError, asyncio.TimeoutError):
            outcome = Unreachable(self._told("no complete answer in time"))
        except Exception as error:  # the client raises errors of many families
            outcome = Unreachable(say(str(error) or type(error).__name__))
        if isinstance(outcome, Unreachable):
            self._disconnect()
        return outcome

    def interrupt(self) -> None:
        """End the sending in flight at once, and every later one."""
        self._is_interrupted = True
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    def close(self) -> None:
        """Let go of the connection."""
        self._disconnect()
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.close()

    def _run(self, work: Coroutine[Any, Any, Outcome | None], seconds: float) -> Any:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(asyncio.wait_for(work, seconds))
        try:
            return self._loop.run_until_complete(self._task)
        finally:
            self._task = None

    async def _deliver(self, messages: Sequence[Message], seconds: float) -> Outcome:
        self._violations.clear()
        client = await self._connected(seconds)
        largest = max(len(message.payload) for message in messages)
        if largest > client.max_payload:
            return TooLarge(f"{largest} bytes are more than its max_payload of {client.max_payload}")
        if self._plan.stream is not None:
            if self._jetstream is None:
                self._jetstream = client.jetstream(timeout=self._plan.timeout)
            return await self._add(self._jetstream, self._plan.stream, messages)
        for message in messages:
            await client.publish(message.subject, message.payload)
        # The client writes its question at once, and what was published when its own task comes to that: so the first question
        # may overtake messages. By its answer they are written; the second is answered once the server has read them.
        for _ in range(2):
            await client.flush(max(1, round(seconds)))
        # A connection that has broken since then says so in the same way: what was read before that was not refused.
        refused = [violation for violation in self._violations if _FORBIDDEN in violation.lower()]
        if refused:
            return Accepted(min(len(refused), len(messages)), refused[0])
        return Accepted()

    async def _add(self, stream: JetStreamContext, name: str, messages: Sequence[Message]) -> Outcome:
        if not self._has_stream:
            await self._make_stream(stream, name)
        answers = [
            await stream.publish_async(
                message.subject, message.payload, stream=name, headers={_MESSAGE_ID: message.uid} if message.uid else {}
            )
            for message in messages
        ]
        results = await asyncio.gather(*answers, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                self._has_stream = False  # it may have been deleted
                return Retry(say(f"stream {name!r}", type(result).__name__, str(result)))
        return Accepted()

    async def _make_stream(self, stream: JetStreamContext, name: str) -> None:
        from nats.js.errors import NotFoundError

        try:
            await stream.stream_info(name)
        except NotFoundError:
            if not isinstance(self._plan.subject, str):
                raise  # nobody knows which subjects it is to have
            await stream.add_stream(name=name, subjects=[self._plan.subject.replace(_EVENT, ">")])
        self._has_stream = True

    async def _connected(self, seconds: float) -> Client:
        if self._client is not None and self._client.is_connected:
            return self._client
        # To begin anew is the sender's work, which counts and tells it.
        self._client, self._jetstream, self._has_stream = None, None, False
        self._client = await self._plan.connect(seconds, self._note, self._give_up)
        return self._client

    async def _give_up(self) -> None:
        """End the sending in flight if its connection is gone: the client would wait for answers that cannot come."""
        if self._task is not None and self._client is not None and self._client.is_closed:
            self._task.cancel()

    def _why_cancelled(self) -> str:
        return "interrupted" if self._is_interrupted else self._told("the connection broke")

    def _told(self, otherwise: str) -> str:
        return self._violations[0] if self._violations else otherwise

    async def _note(self, error: Exception) -> None:
        self._violations.append(say(str(error)))

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is None or self._loop is None or self._loop.is_closed():
            return
        try:
            self._run(client.close(), _CLOSING)
        except (Exception, asyncio.CancelledError):  # a server that hangs, a busy machine, an interruption
            self._loop.run_until_complete(_abandon(client))


async def _abandon(client: Client) -> None:
    """End what a farewell that was cut short leaves behind: tasks, and a socket that nobody else would close."""
    writer = getattr(getattr(client, "_transport", None), "_io_writer", None)  # the client has no words for it
    if writer is not None:
        writer.transport.abort()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CLOSING)
    await asyncio.sleep(0)  # in which the socket is closed


def _choose(subject: str, line: dict[str, Any]) -> str:
    return subject.replace(_EVENT, _fit(line["event"]))


def _checked(function: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str]:
    def choose(line: dict[str, Any]) -> str:
        subject = function(line)
        if not _is_subject(subject):
            raise ValueError(f"{subject!r} is no subject")
        return subject

    return choose


def _fit(name: str) -> str:
    """Return *name* as words of a subject: no blanks, no wildcards, no empty word."""
    return ".".join(word or "_" for word in _UNFIT.sub("_", name).split("."))


def _is_subject(subject: object) -> bool:
    return isinstance(subject, str) and bool(subject) and _fit(subject) == subject
