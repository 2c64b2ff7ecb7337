"""What a rule is: literals that must be there, then a bounded pattern, then a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from otel_events.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Where a secret begins, where it ends, and its kind.
Span: TypeAlias = "tuple[int, int, str]"

# What a token goes on with. A match is extended to the end of it, so that no tail is left.
_REST = lazy_pattern(r"[A-Za-z0-9_\-]*=*")


class Trigger:
    """What the prefilter saw in a text; says which rules are worth trying. Plain numbers: an IntFlag takes 1 µs for an `&`."""

    RUN: Final = 1  # a long run of letters, digits, _ and -
    WORD: Final = 2  # a word that stands beside secrets
    DIGITS: Final = 4  # as many digits as a card has, or groups of four
    AT: Final = 8  # an @


class Rule(NamedTuple):
    """One kind of secret and how it is found.

    Attributes:
        name: what rules of ours and settings call it; of most the kind of secret.
        trigger: what the prefilter must have seen.
        needles: literals in lower case, one of which the text in lower case must have; empty: always tried.
        find: yields where in a text such secrets are, and of what kind each is.
        brief: what it looks for, for `explain` and the documents.
    """

    name: str
    trigger: int
    needles: tuple[str, ...]
    find: Callable[[str], Iterable[Span]]
    brief: str = ""


def pattern_rule(
    kind: str,
    trigger: int,
    needles: tuple[str, ...],
    pattern: str,
    *,
    check: Callable[[str], bool] | None = None,
    is_extended: bool = False,
    brief: str = "",
) -> Rule:
    """Return a rule that finds the group `secret` of *pattern*, or all of it where there is no such group.

    Args:
        kind: what the marker says.
        trigger: what the prefilter must have seen.
        needles: literals in lower case.
        pattern: a regular expression whose every repetition is bounded.
        check: a second look at what was found.
        is_extended: take all that the token goes on with.
        brief: what it looks for.
    """
    compiled = lazy_pattern(pattern)
    group = "secret" if "(?P<secret>" in pattern else 0

    def find(text: str) -> Iterator[Span]:
        position = 0
        while (match := compiled.search(text, position)) is not None:
            start, end = match.span(group)
            if is_extended and (rest := _REST.match(text, end)) is not None:
                end = rest.end()
            # On past all of the match: a search that went back into it could take a square of the length.
            position = max(match.end(), end, position + 1)
            if check is None or check(text[start:end]):
                yield start, end, kind

    return Rule(kind, trigger, needles, find, brief or f"the form of a secret of kind {kind}")
