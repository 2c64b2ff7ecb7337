"""Ports to listen on; of one that is taken, who has it and what to do."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from otel_events.errors import OtelEventsError
from otel_events.server.running import find_running

_BACKLOG = 2048
_LISTENING = "0A"
_MAX_COMMAND = 80


class PortError(OtelEventsError):
    """A port cannot be listened on; the message says why, who has it, and how to choose another."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """Return a socket that listens, or raise PortError.

    Args:
        host: address or name to listen on.
        port: 0 for any that is free.
        option: by which the user chooses another one.
    """
    try:
        return _listen(host, port)
    except OSError as error:
        raise PortError(explain(host, port, option, error)) from error


def explain(host: str, port: int, option: str, error: OSError) -> str:
    """Return why nobody can listen there."""
    variable = f"OTEL_EVENTS_SERVER_{option.removeprefix('--').replace('-', '_').upper()}"
    none = ", 'off' for none" if "grpc" in option else ""
    choose = f"choose another with {option} or {variable} (0 is any that is free{none})"
    if error.errno == errno.EADDRINUSE or "address already in use" in str(error).lower():
        holder = find_holder(port)
        return f"port {port} of {host} is taken{f' by {holder}' if holder else ''}: {_how_to_use(port)}{choose}"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is not for this user: {choose}"
    return f"{host}, port {port}, cannot be listened on: {error.strerror or error}; see --host and {option}"


def find_holder(port: int) -> str:
    """Return which process listens on *port* as words; empty if that cannot be told, as on other systems than Linux."""
    inodes = _listening_inodes(port)
    if not inodes:
        return ""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _has_socket(process, inodes):
            return f"process {process.name} ({_command(process)})"
    return "a process of another user"


def _how_to_use(port: int) -> str:
    """Return how to go on with the server of this user that has *port*, empty if it is none."""
    try:
        ours = next((each for each in find_running() if port in each.ports), None)
    except OSError:  # no place where servers would say that they run
        return ""
    if ours is None:
        return ""
    return (
        f"it is a server of yours, whose page 'otel-events serve --print-login --port {ours.port}' opens and to which programs"
        f" send with OTEL_EXPORTER_OTLP_ENDPOINT={ours.otlp}; end it, or "
    )


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Connections of a server that has just ended do not keep its port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            # There the other option would let two servers have one port.
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", -5), 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _listening_inodes(port: int) -> set[str]:
    """Return by which inodes Linux knows the sockets that listen on *port*."""
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):  # no Linux
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    return inodes


def _has_socket(process: Path, inodes: set[str]) -> bool:
    with suppress(OSError):  # another user's, or gone meanwhile
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                if os.readlink(descriptor) in inodes:  # noqa: PTH115  # half the time, and there are many
                    return True
    return False


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "unknown"
    # What follows may be a secret.
    text = " ".join(word.decode("utf-8", "replace") for word in words[:4] if word)
    return "".join(letter for letter in text if letter.isprintable())[:_MAX_COMMAND] or "unknown"
