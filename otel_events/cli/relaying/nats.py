"""Messages of NATS: of a JetStream stream by its numbers, or of subjects as they are said."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from otel_events.cli.relaying.message import Batch, Message, RelayError
from otel_events.notices import Notices
from otel_events.otlp.outcome import say

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg

    from otel_events.sinks.nats import Nats

_MOST = 500
_WAIT = 1.0
_LONGEST_PAUSE = 5.0
_WAITING = 100_000  # messages; whoever says more than can be sent on is told what is lost


class NatsSource:
    """The messages of a stream, by their place in it; or, without a stream, what is said on subjects while we listen.

    NATS may go away and come back. What is said on a subject meanwhile is gone: core NATS keeps nothing.

    Args:
        plan: which NATS, and which stream.
        subjects: to listen to; of a stream, those that are wanted.
        once: end with the last message that is there now.
        from_now: without a place, begin with what comes.
    """

    def __init__(self, plan: Nats, subjects: Sequence[str], *, once: bool, from_now: bool) -> None:
        self.name = f"nats:{plan.address} {plan.stream or ''} {' '.join(subjects)}"
        self._plan = plan
        self._subjects = list(subjects)
        self._once = once
        self._from_now = from_now
        self._notices = Notices()
        self._serving: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # The loop is made and closed there, where no Ctrl-C comes in between.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="otel_events.relay.nats", daemon=True
        )
        self._client: Client | None = None
        self._said: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def read(self, place: Any) -> Iterator[Batch]:
        """Yield what comes behind *place*."""
        self._thread.start()
        pause = 0.1
        while True:
            try:
                for batch in self._heard() if self._plan.stream is None else self._stored(place, self._plan.stream):
                    place, pause = batch.place or place, 0.1
                    yield batch
                return
            except RelayError:  # noqa: PERF203  # the loop is there for what fails
                raise
            except Exception as error:  # the client raises errors of many families
                said = say(type(error).__name__, str(error))
                if self._once:
                    raise RelayError(f"NATS at {self._plan.address} cannot be read: {said}") from None
                self._notices.warn("nats", f"NATS at {self._plan.address} is away ({said}); trying again")
                self._disconnect()
                yield Batch()
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def close(self) -> None:
        """Let go of the connection."""
        if self._thread.is_alive():
            self._disconnect()
            loop, ended = self._serving.result()
            loop.call_soon_threadsafe(ended.set)
            self._thread.join(_WAIT)

    # -- JetStream ---------------------------------------------------------------------------------------------------

    def _stored(self, place: Any, stream: str) -> Iterator[Batch]:
        subscription, last, made = self._call(self._subscribe(place, stream))
        seq = place if isinstance(place, int) else 0
        while not (self._once and seq >= last):
            messages = self._call(_fetch(subscription))
            if messages:
                seq = messages[-1].metadata.sequence.stream
            elif self._client is None or not self._client.is_connected:
                raise ConnectionError("the connection was lost")
            # A stream that was made anew begins with 1 again: the time it was made tells its numbers apart.
            keyed = [
                Message(message.data, f"{stream} {made} {message.metadata.sequence.stream}", message.subject)
                for message in messages
            ]
            yield Batch(keyed, seq if messages else None)

    async def _subscribe(self, place: Any, stream: str) -> tuple[Any, int, str]:
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
        from nats.js.errors import NotFoundError

        context = (await self._connect()).jetstream(timeout=self._plan.timeout)
        try:
            info = await context.stream_info(stream)
        except NotFoundError:
            raise RelayError(f"NATS at {self._plan.address} has no stream {stream!r}") from None
        policy = DeliverPolicy.NEW if self._from_now else DeliverPolicy.ALL
        config = ConsumerConfig(deliver_policy=policy, ack_policy=AckPolicy.NONE)
        if isinstance(place, int) and place <= info.state.last_seq:
            config.deliver_policy, config.opt_start_seq = DeliverPolicy.BY_START_SEQUENCE, place + 1
        if self._subjects:
            config.filter_subjects = self._subjects
        subscription = await context.pull_subscribe_bind(
            consumer=(await context.add_consumer(stream, config)).name, stream=stream
        )
        return subscription, info.state.last_seq, str(info.created)

    # -- core --------------------------------------------------------------------------------------------------------

    def _heard(self) -> Iterator[Batch]:
        self._call(self._listen())
        while True:
            messages: list[Message] = []
            wait = _WAIT
            while len(messages) < _MOST:
                try:
                    messages.append(self._said.get(timeout=wait))
                except queue.Empty:
                    break
                wait = 0.001  # take what is there, and send it together
            if not messages and (self._client is None or not self._client.is_connected):
                raise ConnectionError("the connection was lost")
            yield Batch(messages)

    async def _listen(self) -> None:
        client = await self._connect()
        for subject in self._subjects:
            await client.subscribe(subject, cb=self._hear)
        await client.flush()

    async def _hear(self, message: Msg) -> None:
        if self._said.qsize() >= _WAITING:
            self._notices.warn("nats_full", f"more is said than can be sent on: messages of {message.subject} are lost")
            return
        self._said.put(Message(message.data, None, message.subject))

    # -- both --------------------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Do what is called for until `close`; what is under way then is cancelled."""
        ended = asyncio.Event()
        self._serving.set_result((asyncio.get_running_loop(), ended))
        await ended.wait()

    async def _connect(self) -> Client:
        self._client = await self._plan.connect(self._plan.timeout, self._note)
        return self._client

    async def _note(self, error: Exception) -> None:
        self._notices.warn("nats_error", f"NATS at {self._plan.address}: {say(str(error) or type(error).__name__)}")

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        loop, _ = self._serving.result()
        return asyncio.run_coroutine_threadsafe(work, loop).result(3 * self._plan.timeout + _WAIT)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                self._call(asyncio.wait_for(client.close(), _WAIT))
            except Exception as error:  # it is gone, one way or the other
                self._notices.warn("nats_close", f"the connection to NATS did not close: {error!r}")


async def _fetch(subscription: Any) -> list[Msg]:
    from nats.errors import TimeoutError as NatsTimeoutError

    try:
        fetched: list[Msg] = await subscription.fetch(_MOST, timeout=_WAIT)
    except (NatsTimeoutError, asyncio.TimeoutError):  # nothing new
        return []
    return fetched
