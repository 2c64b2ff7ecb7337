"""Which servers of this user run just now, and where: told by a file beside a lock that ends with them."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from otel_events.file_lock import take_lock
from otel_events.files import OwnedFile, make_private_directory
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from otel_events.server.access.token import Token

_PURPOSE = "running"
_MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that runs.

    Attributes:
        pid: of its process.
        page: its address for a browser of this machine.
        otlp: its address for programs that send by HTTP.
        ports: that it listens on, first that of its page.
        ledger: the file that it keeps.
        token_file: that it was given with its token in it; empty if it has the token from elsewhere.
        proof: what only the owner of its token can make of the page's address.
    """

    pid: int
    page: str
    otlp: str
    ports: Sequence[int]
    ledger: str
    token_file: str
    proof: str

    @property
    def port(self) -> int:
        """Return the port of its page."""
        return self.ports[0]

    def has(self, token: Token) -> bool:
        """Tell whether *token* is the one that it asks for."""
        return token.has_signed(self.proof, _PURPOSE, (self.page,))


def describe(
    addresses: tuple[str, str], ports: Sequence[int], ledger: Path, token_file: str, token: Token
) -> RunningServer:
    """Return what this process, which serves at *addresses* (of the page, of OTLP), says of itself."""
    page, otlp = addresses
    return RunningServer(os.getpid(), page, otlp, ports, str(ledger), token_file, token.sign(_PURPOSE, (page,)))


@contextmanager
def announced(server: RunningServer) -> Iterator[None]:
    """Have other processes of this user find *server* until the end of the block; where files cannot be had they do not."""
    try:
        folder = _folder()
        make_private_directory(folder, folder)
        lock = take_lock(str(folder / f"{server.pid}.lock"))
        _write(folder / f"{server.pid}.json", json.dumps(asdict(server)).encode())
    except OSError:  # a user without a home, a disk that is full: whoever asks is told that none is found
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / f"{server.pid}.json").unlink()
        if lock is not None:
            lock.let_go(delete=True)


def find_running() -> list[RunningServer]:
    """Return the servers of this user that run, or raise OSError: there is no place where they would say so."""
    folder = _folder()
    found = [_look(each) for each in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    return [each for each in found if each is not None]


def _look(path: Path) -> RunningServer | None:
    try:
        lock = take_lock(str(path.with_suffix(".lock")))
        if lock is not None:  # killed: nobody holds it any more
            path.unlink(missing_ok=True)
            lock.let_go(delete=True)
            return None
        file = OwnedFile(str(path), os.O_RDONLY)
        try:
            return RunningServer(**json.loads(os.read(file.fd, _MOST_BYTES)))
        finally:
            file.close()
    except (OSError, ValueError, TypeError):  # just ending, or of another version: it is not found
        return None


def _write(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    file = OwnedFile(str(beside), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(file.fd, content)
    finally:
        file.close()
    beside.replace(path)


def _folder() -> Path:
    return state_directory() / "server" / "running"
