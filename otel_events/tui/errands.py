"""What takes long, such as a look through all events: one at a time, seen on the status line, ended by Esc and by leaving."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
# On a thread of its own; what it returns is called on the screen's.
Work: TypeAlias = "Callable[[Errand], Callable[[], object]]"
_OFTEN = 256


class StoppedError(Exception):
    """Nobody waits for it any more."""


class Errand:
    """One of them.

    Args:
        what: is done, for people: `saving`.
        total: how many events there are to be looked at; 0 if nobody knows.
        gives_way: to the next one that is begun.
    """

    def __init__(self, what: str, *, total: int = 0, gives_way: bool = False) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._is_stopped = Event()
        self.gives_way = gives_way

    def __str__(self) -> str:
        of = f" of {self._total:,}" if self._total else ""
        return f"{self._what}: {self._done:,}{of} ... (Esc)"

    @property
    def what(self) -> str:
        return self._what

    def stop(self) -> None:
        """Have it end at its next look around."""
        self._is_stopped.set()

    def note(self, done: int) -> None:
        """Take note of so many more events, or raise StoppedError."""
        self._done += done
        if self._is_stopped.is_set():
            raise StoppedError

    def wait(self, seconds: float) -> None:
        """Let others do something, or raise StoppedError."""
        if self._is_stopped.wait(seconds):
            raise StoppedError

    def over(self, items: Iterable[T]) -> Iterator[T]:
        """Yield *items*, counted, until it is stopped: then raise StoppedError."""
        for number, item in enumerate(items, 1):
            if number % _OFTEN == 0:
                self.note(_OFTEN)
            yield item


class _Log(Protocol):
    """The widget that they are for."""

    @property
    def app(self) -> Any: ...
    def run_worker(self, work: Callable[[], None], *, thread: bool) -> Any: ...
    def say(self, text: str) -> None: ...
    def tell_of_change(self) -> None: ...


class Errands:
    """The one that is under way, if there is any; only what leads elsewhere takes the place of a search.

    Args:
        log: what they are for.

    Attributes:
        current: is under way.
    """

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._is_over = False
        self.current: Errand | None = None

    def begin(self, errand: Errand, work: Work) -> bool:
        """Do *work*, unless something else is being done; return whether it is begun."""
        if self.current is not None and not self.current.gives_way:
            self._log.say(f"{self.current.what} still: Esc ends it")
            return False
        self.stop()
        if not self._is_over:
            self.current = errand
            self._log.run_worker(partial(self._do, errand, work), thread=True)
            self._log.tell_of_change()
        return not self._is_over

    def stop(self) -> bool:
        """End what is under way; return whether there was anything."""
        errand, self.current = self.current, None
        if errand is not None:
            errand.stop()
            self._log.tell_of_change()
        return errand is not None

    def end(self, errand: Errand) -> None:
        """End *errand*, if it is under way."""
        if self.current is errand:
            self.stop()

    def give_way(self) -> None:
        """End what is under way, if it would give way to anything else too."""
        if self.current is not None and self.current.gives_way:
            self.stop()

    def close(self) -> None:
        """End what is under way, and begin nothing more."""
        self._is_over = True
        self.stop()

    def _do(self, errand: Errand, work: Work) -> None:
        try:
            then = work(errand)
            errand.note(0)
        except StoppedError:
            return
        self._log.app.call_from_thread(self._finish, errand, then)

    def _finish(self, errand: Errand, then: Callable[[], object]) -> None:
        if self.current is errand:
            self.current = None
            then()
            self._log.tell_of_change()
