"""The language of the rules: one sentence a line."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events import catalog
from otel_events.absence.rule import HEARTBEAT, Rule
from otel_events.errors import ConfigurationError
from otel_events.filter_language import FilterError, FilterSettings, parse_filter
from otel_events.pipeline.evaluation import WILD
from otel_events.reading.analysis.pairs import part_of
from otel_events.time_spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

_WORD = re.compile(r"\"[^\"]*\"|\S+")
_PATTERN = re.compile(r"[\w.\-*?\[\]!]+")
_KEY = re.compile(r"[\w.\-]+")
# Behind a space, and not inside quotation marks: a filter may have one in a value.
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_KEYWORDS = ("expect", HEARTBEAT, "within", "ends", "every", "by", "where")
_LONGEST = 366 * 86_400.0
_FORMS = "a rule is 'expect heartbeat NAME within 90s', 'EVENT ends within 10m' or 'EVENT every 5m'"


class RuleError(ConfigurationError):
    """Rules that cannot be used; says of each what is wrong and what would be right."""


class _NoRuleError(Exception):
    """A text is no rule. Its arguments say why."""


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules that *texts* are, or raise RuleError with all that is wrong."""
    return _parse_all((repr(text), text) for text in texts)


def read_rules(path: str | PathLike[str]) -> tuple[Rule, ...]:
    """Return the rules of a file, one a line; what follows a `#` is a comment. Or raise RuleError with all that is wrong."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise RuleError("the rules cannot be used", [f"{path}: {getattr(error, 'strerror', None) or error}"]) from error
    lines = ((f"{path}, line {number}", line) for number, line in enumerate(text.splitlines(), start=1))
    rules = _parse_all((place, bare) for place, line in lines if (bare := _without_comment(line)))
    if not rules:
        raise RuleError("the rules cannot be used", [f"{path} has none: {_FORMS}"])
    return rules


def _parse_all(numbered: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    places: dict[str, str] = {}
    problems: list[str] = []
    for place, text in numbered:
        try:
            rule = _parse(text)
        except _NoRuleError as error:
            problems.extend(f"{place}: {problem}" for problem in error.args)
            continue
        if rule.text in rules:
            problems.append(f"{place}: the same as {places[rule.text]}; leave one out")
        rules[rule.text] = rule
        places.setdefault(rule.text, place)
    if problems:
        raise RuleError("the rules cannot be used", problems)
    return tuple(rules.values())


def _without_comment(line: str) -> str:
    for found in _COMMENT.finditer(line):
        if line.count('"', 0, found.start()) % 2 == 0:
            return line[: found.start()].strip()
    return line.strip()


def _parse(text: str) -> Rule:
    words, where, rest = _take_apart(text)
    if words[:1] == ["expect"]:
        del words[0]
    problems: list[str] = []
    conditions = FilterSettings()
    if where:
        try:
            conditions = parse_filter(rest)
        except FilterError as error:
            problems.extend(f"behind 'where': {mistake.problem}" for mistake in error.mistakes)
        if not rest.strip():
            problems.append("'where' must be followed by a filter, such as persona=thesis*")
    said = " ".join([*(_quoted(word) for word in words), *(["where", rest.strip()] if where else [])])
    if len(words) > 1 and words[0] == HEARTBEAT and words[1] not in {"every", "ends"}:
        rule = _heartbeat(said, words, conditions, problems)
    elif words[1:2] == ["ends"]:
        rule = _ending(said, words, conditions, problems)
    elif words[1:2] == ["every"]:
        rule = _recurring(said, words, conditions, problems)
    else:
        problems.append(_explain(words))
        rule = None
    if rule is None or problems:
        raise _NoRuleError(*problems)
    return rule


def _take_apart(text: str) -> tuple[list[str], bool, str]:
    """Return the words before `where`, whether there is one, and what stands behind it."""
    words: list[str] = []
    for match in _WORD.finditer(text):
        if match[0] == "where":
            return words, True, text[match.end() :]
        words.append(match[0].strip('"'))
    return words, False, ""


def _heartbeat(text: str, words: list[str], where: FilterSettings, problems: list[str]) -> Rule:
    name = words[1]
    if name == "within":
        problems.append("say whose: 'expect heartbeat orchestrator within 90s'; * is each that has beaten")
        return Rule(text, HEARTBEAT, 1.0)
    if words[2:3] != ["within"]:
        problems.append(_explain(words))
        return Rule(text, HEARTBEAT, 1.0)
    return Rule(text, HEARTBEAT, _span(words[3:], "within", problems), by="component", only=name, where=where)


def _ending(text: str, words: list[str], where: FilterSettings, problems: list[str]) -> Rule:
    name = _event(words[0], problems)
    part = part_of(catalog.current().canonical(name))
    if not WILD.search(name) and (part is None or part.role != "opens"):
        problems.append(f"{name!r} begins nothing: 'ends within' is for what does, such as task.started or cycle.start")
    if words[2:3] != ["within"]:
        problems.append(f"write how long it may take: '{name} ends within 10m'")
        return Rule(text, name, 1.0, is_ending=True, where=where)
    return Rule(text, name, _span(words[3:], "within", problems), is_ending=True, where=where)


def _recurring(text: str, words: list[str], where: FilterSettings, problems: list[str]) -> Rule:
    name, rest, by = _event(words[0], problems), words[2:], ""
    if "by" in rest:
        place = rest.index("by")
        rest, keys = rest[:place], rest[place + 1 :]
        by = keys[0] if len(keys) == 1 and _KEY.fullmatch(keys[0]) else ""
        if not by:
            problems.append("'by' is followed by one attribute, such as 'by service'")
    return Rule(text, name, _span(rest, "every", problems), by=by, where=where)


def _event(word: str, problems: list[str]) -> str:
    if not _PATTERN.fullmatch(word):
        problems.append(f"{word!r:.60} is no name of an event, such as task.started, nor a pattern, such as *.start")
    return word


def _span(words: list[str], behind: str, problems: list[str]) -> float:
    text = " ".join(words)
    seconds = parse_span(text)
    if seconds is None:
        problems.append(f"'{behind}' is followed by a time, such as 90s, 5m or 1h30m, not {text!r:.60}")
    elif not 0 < seconds <= _LONGEST:
        problems.append(f"{text} cannot be waited for: say more than nothing, and no more than a year")
    return seconds or 1.0


def _explain(words: list[str]) -> str:
    if words[1:2] == ["within"]:
        return f"say '{words[0]} ends within ...' of what must end, or '{words[0]} every ...' of what must come again"
    for word in words:
        similar = get_close_matches(word.lower(), _KEYWORDS, n=1, cutoff=0.7)
        if similar and word not in _KEYWORDS:
            return f"{word!r:.60} is no word of a rule: did you mean '{similar[0]}'? {_FORMS}"
    return _FORMS


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word or not word else word
