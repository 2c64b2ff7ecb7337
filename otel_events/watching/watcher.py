"""A watcher from its start to its end: the thread that looks, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Watcher:
    """Watches until it is stopped; `with`, `async with`, or `start` and `stop`."""

    def start(self) -> Self:
        """Begin, and return when every change from now on will be seen."""
        raise NotImplementedError

    def stop(self, timeout: float = 5.0) -> None:
        """Tell what has changed until now, and end. May be called again."""
        raise NotImplementedError

    def run(self) -> None:
        """Watch until Ctrl-C, or until another thread calls `stop`."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
