"""Find TCP ports on loopback that are free, and likely to stay so."""

from __future__ import annotations

import contextlib
import random
import socket

# Below the range from which systems take the ports of outgoing connections: a server that is stopped and started
# again finds its port still free.
_LOWEST, _HIGHEST = 20_000, 32_000
_ATTEMPTS = 1_000


def free_ports(count: int) -> list[int]:
    """Return *count* different free ports, or raise OSError if this machine has none left."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        for _ in range(_ATTEMPTS):
            if len(found) == count:
                return found
            port = random.randint(_LOWEST, _HIGHEST)
            listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            with contextlib.suppress(OSError):  # taken: try another
                listener.bind(("127.0.0.1", port))
                found.append(port)
    raise OSError(f"no {count} free ports between {_LOWEST} and {_HIGHEST} on 127.0.0.1")
