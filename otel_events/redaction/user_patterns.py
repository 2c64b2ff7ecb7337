"""Users' regular expressions: refused when they can take for ever, applied to pieces of bounded length."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from otel_events.lazy_pattern import lazy_pattern

try:
    from re import _compiler as compiler  # type: ignore[attr-defined]
    from re import _constants as constants  # type: ignore[attr-defined]  # private, and the only parser there is
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_compile as compiler
    import sre_constants as constants
    import sre_parse as parser

if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters that a user's pattern sees at once. What takes the square of a text's length takes some
# milliseconds for so many, and for all that a value may have it would take minutes.
PIECE = 4_096

_MAX_PATTERN = 2_000
_REPEATED = range(2, 34, 2)  # how often: what doubles with each time goes up by four from one to the next
_LENGTHS = (40, 60, 100, 200, 400, 800, 1_600)  # of what grows with a power of the length
# A pattern is first tried with its counts lowered to these. What fits nothing below forty characters, and takes
# 2 ** 40 steps for forty, would else be tried for the first time where it takes for ever.
_SCALES = (3, 6, 9, 12, 15, 18, 21, 24)
_TOO_SLOW = 0.04  # seconds of CPU for one probe: a pattern that takes the square of 1,600 stays far below
_ALL_TOO_SLOW = 1.0  # seconds of CPU for all of them
_MAX_PUMPS = 24
_REPEATS = frozenset({constants.MAX_REPEAT, constants.MIN_REPEAT, getattr(constants, "POSSESSIVE_REPEAT", None)})
_END = "\0!"  # fits nothing: it is the failing that takes long
_WORD = lazy_pattern(r"(?<!\\)[A-Za-z0-9_\-]{3,40}")
_MAX_WORDS = 4


def pattern_problem(pattern: str | re.Pattern[str], replacement: str | None) -> str | None:
    """Return why a pattern with its replacement cannot be used, or None.

    A pattern is tried on texts made of what it repeats, growing until it is clear that its time does not explode.
    The time is CPU time of this thread, so that a busy machine does not refuse what a quiet one takes.
    """
    shown = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
    if type(shown) is not str or not shown:
        return f"redaction pattern {shown!r:.80} must be a regular expression over text"
    if len(shown) > _MAX_PATTERN:
        return f"redaction pattern {shown[:60]!r}… has more than {_MAX_PATTERN} characters"
    try:
        compiled = re.compile(pattern)
        if replacement is not None:
            compiled.sub(replacement, "")
            parser.parse_template(replacement, compiled)
    except (re.error, IndexError, TypeError, RecursionError, OverflowError) as error:
        return f"redaction pattern {shown[:80]!r}: {error}"
    if replacement is not None and compiled.search("") is not None:
        return f"redaction pattern {shown[:80]!r} fits the empty text; it must fit nothing but the secret"
    try:
        return _slowness(compiled, shown)
    except RecursionError:
        return f"redaction pattern {shown[:80]!r} is nested too deeply"


def pieces(text: str) -> Iterator[str]:
    """Yield *text* in pieces of bounded length, cut at white space where there is some."""
    start = 0
    while len(text) - start > PIECE:
        end = start + PIECE
        for back in range(end, end - PIECE // 4, -1):
            if text[back - 1].isspace():
                end = back
                break
        yield text[start:end]
        start = end
    yield text[start:]


def _slowness(compiled: re.Pattern[str], shown: str) -> str | None:
    began = time.thread_time()
    for attempt, probe in _attempts(compiled):
        before = time.thread_time()
        attempt.search(probe)
        now = time.thread_time()
        if now - before > _TOO_SLOW or now - began > _ALL_TOO_SLOW:
            return (
                f"redaction pattern {shown[:80]!r} takes too long: {len(probe)} characters such as"
                f" {probe[:24]!r} cost more than {_TOO_SLOW * 1000:.0f} ms; bound its repetitions, as in {{0,64}},"
                " and repeat nothing that repeats"
            )
    return None


def _attempts(compiled: re.Pattern[str]) -> Iterator[tuple[re.Pattern[str], str]]:
    """Yield *compiled* with lower counts, then with its own, each with the texts on which to try it."""
    flags = compiled.flags & ~re.DEBUG
    pumps = _pumps(compiled.pattern, flags)
    for scale in _SCALES:
        parsed = parser.parse(compiled.pattern, flags)
        if _lower(parsed, scale):
            lowered = compiler.compile(parsed, flags)
            yield from ((lowered, prefix + pump * times + _END) for prefix, pump in pumps for times in _REPEATED)
    for prefix, pump in pumps:
        yield from ((compiled, prefix + pump * times + _END) for times in _REPEATED)
        yield from ((compiled, prefix + (pump * length)[:length] + _END) for length in _LENGTHS)


def _lower(tokens: Any, scale: int) -> bool:
    """Lower each count in parsed *tokens* to *scale*; return whether there was one to lower."""
    has_lowered = False
    tokens.width = None  # known from parsing, and another then
    for place, (name, argument) in enumerate(tokens):
        if name in _REPEATS:
            least, most, inner = argument
            has_lowered |= _lower(inner, scale)
            if most is not constants.MAXREPEAT and most > scale:
                has_lowered, most = True, scale
            tokens[place] = (name, (min(least, scale), most, inner))
        elif name is constants.BRANCH:
            has_lowered |= any([_lower(branch, scale) for branch in argument[1]])  # noqa: C419  # each of them
        elif isinstance(argument, tuple) and isinstance(argument[-1], parser.SubPattern):  # groups, assertions
            has_lowered |= _lower(argument[-1], scale)
        elif isinstance(argument, parser.SubPattern):
            has_lowered |= _lower(argument, scale)
    return has_lowered


def _pumps(pattern: str, flags: int) -> list[tuple[str, str]]:
    """Return (what stands before, what is repeated) for each repetition in a pattern, and some for any pattern."""
    found: list[tuple[str, str]] = []
    _walk(parser.parse(pattern, flags), "", found)
    # What stands between two repetitions may come often as well.
    found += [("", word) for word in _WORD.findall(pattern)[:_MAX_WORDS]]
    found += [("", pump) for pump in ("a", "0", " ", "a ", "a0", "a=", "/", "\n")]
    return list(dict.fromkeys(found))[:_MAX_PUMPS]


def _walk(tokens: Any, before: str, found: list[tuple[str, str]]) -> str:
    """Collect the repetitions of a parsed pattern; return a text that the whole of it fits, about."""
    text = before
    for name, argument in tokens:
        if name in _REPEATS:
            least, most, inner = argument
            once = _walk(inner, "", [])
            _walk(inner, text, found)
            if most is constants.MAXREPEAT or most > 16:
                found.append((text, once or "a"))
            text += once * min(max(least, 1), 4)
        else:
            text += _sample(name, argument, text, found)
    return text[len(before) :] if before else text


def _sample(name: Any, argument: Any, before: str, found: list[tuple[str, str]]) -> str:
    sample = ""  # of assertions and references: they add nothing of their own to a text
    if name is constants.LITERAL:
        sample = chr(argument)
    elif name is constants.NOT_LITERAL:
        sample = "a" if argument != ord("a") else "b"
    elif name is constants.ANY:
        sample = "a"
    elif name is constants.IN:
        sample = _member(argument)
    elif name is constants.SUBPATTERN:
        sample = _walk(argument[-1], before, found)
    elif name is constants.BRANCH:
        samples = [_walk(branch, before, found) for branch in argument[1]]  # any of them may repeat something
        sample = samples[0]
    elif str(name) == "ATOMIC_GROUP":
        sample = _walk(argument, before, found)
    return sample


def _member(members: Any) -> str:
    """Return a character of a class."""
    is_negated = members[0][0] is constants.NEGATE
    pattern = re.compile("[" + "".join(map(_as_source, members)) + "]")
    candidates = "aA0_ -./=,:;x\n!\0éß一"
    for character in candidates:
        if pattern.match(character):
            return character
    name, argument = members[-1]
    if not is_negated and name is constants.RANGE:
        return chr(argument[0])
    return chr(argument) if not is_negated and name is constants.LITERAL else "a"


def _as_source(member: tuple[Any, Any]) -> str:
    name, argument = member
    if name is constants.NEGATE:
        return "^"
    if name is constants.LITERAL:
        return re.escape(chr(argument))
    if name is constants.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    categories = {
        "DIGIT": r"\d",
        "SPACE": r"\s",
        "WORD": r"\w",
        "NOT_DIGIT": r"\D",
        "NOT_SPACE": r"\S",
        "NOT_WORD": r"\W",
    }
    return categories[str(argument).removeprefix("CATEGORY_")]
