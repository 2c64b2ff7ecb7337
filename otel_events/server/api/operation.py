"""What can be asked: path, parameters and shape of the answer, declared once for the router, the checks and OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events.server.api.problem import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.server.api.parameters import Parameter
    from otel_events.server.api.schemas import Schema

# Taken by the access middleware, and no operation's own.
_EVERYWHERE = frozenset({"token"})


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that is no JSON: a file in pieces, made while it is sent.

    Attributes:
        pieces: of the file; made on a thread, one at a time.
        media_type: of the file.
        name: of the file.
    """

    pieces: Iterator[bytes]
    media_type: str
    name: str


# The server, and a keyword for each parameter, into what becomes JSON, JSON that is made already, or a file; or RequestError.
# Called on a thread.
Answer: TypeAlias = Callable[..., "Mapping[str, Any] | bytes | Download"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked.

    Attributes:
        path: with parameters in braces.
        answer: answers.
        summary: what it gives, in a sentence.
        shape: of the answer; None for a file.
        parameters: what may, or must, be said.
        method: GET, or POST for what changes something.
        media_types: of the answer.
    """

    path: str
    answer: Answer
    summary: str
    shape: Schema | None
    parameters: tuple[Parameter, ...] = ()
    method: str = "GET"
    media_types: tuple[str, ...] = ("application/json",)

    def values(self, query: Sequence[tuple[str, str]], path: Mapping[str, str]) -> dict[str, Any]:
        """Return the parameters' values by keyword, or raise RequestError over the first that cannot be used."""
        given: dict[str, str] = {}
        known = {each.name for each in self.parameters if each.place == "query"}
        for name, text in query:
            if name in _EVERYWHERE:
                continue
            if name not in known:
                raise RequestError(400, _unknown(name, known), parameter=name[:100])
            if name in given:
                raise RequestError(400, f"{name} is given twice; give it once", parameter=name)
            given[name] = text
        return {
            each.keyword or each.name: each.read((path if each.place == "path" else given).get(each.name))
            for each in self.parameters
        }


def _unknown(name: str, known: set[str]) -> str:
    if not known:
        return f"there is no parameter {name!r:.100} here, nor any other"
    similar = get_close_matches(name, known, n=1)
    hint = f"did you mean {similar[0]!r}?" if similar else f"there are {', '.join(sorted(known))}"
    return f"there is no parameter {name!r:.100} here; {hint}"
