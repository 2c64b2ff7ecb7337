"""A nats-server of one's own, for a machine on which none runs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from otel_events.errors import ConfigurationError
from otel_events.files import make_private_directory
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    from typing_extensions import Self

_LOCAL = {"localhost": "127.0.0.1", "127.0.0.1": "127.0.0.1", "::1": "::1"}
_PORT = 4222
_ANSWER_SECONDS = 2.0
_START_SECONDS = 15.0
_END_SECONDS = 5.0
_WHAT = "NATS cannot be had"


class NatsProcess:
    """A nats-server at *url*: the one that answers there, or one that is started, for this machine alone.

    Only what was started here is ended here. Use it with `with`.

    Raises:
        ConfigurationError: none answers, and none can be started there.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            self._host, self._port = parts.hostname or "", parts.port or _PORT
        except ValueError as error:
            raise ConfigurationError(_WHAT, ["the URL's port is no number from 1 to 65535"]) from error
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_own(self) -> bool:
        """Whether it was started here, and runs."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        if not self._answers():
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server if it was started here."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        """Return whether a NATS server speaks there, or raise if it is something else that does."""
        try:
            with socket.create_connection((self._host, self._port), _ANSWER_SECONDS) as connection:
                connection.settimeout(_ANSWER_SECONDS)
                greeting = connection.recv(5)
        except (OSError, UnicodeError):  # not there; or no name that a host could have
            return False
        if not greeting:  # it is going down, or just coming up
            return False
        if greeting != b"INFO ":
            raise ConfigurationError(_WHAT, [f"what answers at {self._host}:{self._port} is no NATS server"])
        return True

    def _start(self) -> None:
        address = _LOCAL.get(self._host)
        if address is None:
            raise ConfigurationError(
                _WHAT, [f"none answers at {self._host}:{self._port}, and that is not this machine"]
            )
        program = shutil.which("nats-server")
        if program is None:
            raise ConfigurationError(_WHAT, ["none answers, and there is no nats-server on the PATH to be started"])
        log = self._make_log()
        # Its own session: a Ctrl-C for the publisher must not end it before the last messages have come.
        self._process = subprocess.Popen(  # noqa: S603  # found on the PATH, its arguments are ours
            [program, "--addr", address, "--port", str(self._port), "--log", log],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._wait(log)

    def _wait(self, log: str) -> None:
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if not self.is_own or time.monotonic() > until:
                self.stop()
                raise ConfigurationError(_WHAT, [f"nats-server was started and does not answer; see {log}"])
            time.sleep(0.05)
        if not self.is_own:  # somebody else's was quicker, and has the port
            self._process = None

    def _make_log(self) -> str:
        try:
            root = state_directory()
            make_private_directory(root / "nats", root)
            path = root / "nats" / "nats-server.log"
            with suppress(FileExistsError):  # made now, so that nobody else can read what it will say
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise ConfigurationError(_WHAT, [f"there is no place for its log: {error.strerror}"]) from error
        return str(path)
