"""Clients of NATS as consumers have them: one that listens to subjects, one that reads a stream."""

import asyncio
import json
import threading

import nats

from otel_events.pipeline.writer_events import NAMES
from tests.message_servers import PATIENCE


class Listener:
    """Hears what is published on subjects, on a thread of its own."""

    def __init__(self, url, *subjects, **options):
        self.heard = []
        self._ready, self._over = threading.Event(), None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen(url, subjects, options)))

    async def _listen(self, url, subjects, options):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        client = await nats.connect(url, **options)

        async def hear(message):
            said = json.loads(message.data)
            if said.get("event") not in NAMES:
                self.heard.append((message.subject, said))

        for subject in subjects:
            await client.subscribe(subject, cb=hear)
        await client.flush()
        self._ready.set()
        await self._over.wait()
        await client.close()

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


def add_stream(server, stream, *subjects, **options):
    """Have the server keep what is said on *subjects*."""

    async def add():
        client = await nats.connect(server.url, **options)
        await client.jetstream().add_stream(name=stream, subjects=list(subjects))
        await client.close()

    asyncio.run(add())


def stored(server, stream, **options):
    """Return what a stream holds: subjects and payloads, in order, without what writers say of themselves."""

    async def read():
        client = await nats.connect(server.url, **options)
        context = client.jetstream()
        state = (await context.stream_info(stream)).state
        numbers = range(state.first_seq, state.last_seq + 1) if state.messages else ()
        messages = [await context.get_msg(stream, number) for number in numbers]
        await client.close()
        return [(message.subject, json.loads(message.data)) for message in messages]

    return [(subject, said) for subject, said in asyncio.run(read()) if said.get("event") not in NAMES]
