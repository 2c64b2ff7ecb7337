"""Keys one after the other: each waits until what the one before it set off has been done."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import App
    from textual.dom import DOMNode
    from textual.events import Event
    from textual.message_pump import MessagePump

# A key goes up from the widget that has the focus to the application; what it asks for there goes up once more.
_ROUNDS = 2


class KeyOrder:
    """Gives keys to an application one at a time.

    Textual gives all keys that come at once to the widget that has the focus by then: the letters after a slash to the list,
    those after Enter to the line of the filter.

    Args:
        app: whose keys they are; all of this runs in its own message loop.
        act: lets a key go its way.
    """

    def __init__(self, app: App[None], act: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._act = act
        self._waiting: deque[Event] = deque()
        self._is_under_way = False

    async def add(self, key: Event) -> None:
        """Let *key* go its way when those before it have gone theirs."""
        self._waiting.append(key)
        if not self._is_under_way:
            await self._next()

    async def _next(self) -> None:
        self._is_under_way = bool(self._waiting)
        if self._waiting:
            await self._act(self._waiting.popleft())
            self._follow(_ROUNDS)

    def _follow(self, rounds: int) -> None:
        """Go where a key goes, behind it: through the queues of the widget that has the focus and of all around it."""
        begin: DOMNode = self._app.focused or self._app.screen
        self._go_through([node for node in begin.ancestors_with_self if node is not self._app], rounds)

    def _go_through(self, nodes: Sequence[MessagePump], rounds: int) -> None:
        for number, node in enumerate(nodes, 1):
            if node.call_later(partial(self._go_through, nodes[number:], rounds)):
                return  # else it is closed by now
        self._app.call_later(self._arrive, rounds - 1)

    async def _arrive(self, rounds: int) -> None:
        if rounds:
            self._follow(rounds)
        else:
            await self._next()
