"""Rules out of a YAML file: read as a whole, with everything that is wrong told at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.catalog.located_yaml import LocatedMapping, read_yaml
from otel_events.catalog.names import name_problem
from otel_events.catalog.registry_problems import Item, Problems
from otel_events.errors import ConfigurationError
from otel_events.event import SEVERITY_WORDS, parse_severity
from otel_events.watching.change import KINDS
from otel_events.watching.requirements import import_pathspec
from otel_events.watching.rules import Rule, RuleBook

if TYPE_CHECKING:
    from os import PathLike

    from otel_events.watching.change import Classifier, Kind

_KEYS = ("name", "path", "on", "content", "fields", "event", "message", "severity", "attributes")
_PART = re.compile(r"\{([^{}]*)\}")
_PART_NAME = re.compile(r"[A-Za-z_]\w*")
# What stands for a part of the path while a glob becomes a pattern; letters alone, which no pattern escapes.
_STAND_IN = "otelXpart{}Xhere"
_EXAMPLE = "rules:\n  - path: agents/{agent}/*.md\n    event: agent.noted"


def load_rules(path: str | PathLike[str]) -> Classifier:
    """Return the classifier that goes by the rules in the file at *path*.

    Raises:
        ConfigurationError: the file cannot be read, or rules are wrong: all of what is, each with its line.
    """
    file = Path(path)
    value, trouble = read_yaml(file)
    if trouble is not None:
        raise ConfigurationError("the rules cannot be used", [trouble])
    problems = Problems()
    rules = _Reader(file, problems).read(value)
    if problems.told:
        raise ConfigurationError("the rules cannot be used", sorted(problems.told, key=_line_of))
    return RuleBook(rules)


def _line_of(problem: str) -> int:
    found = re.search(r":(\d+): ", problem)
    return int(found[1]) if found else 0


class _Reader:
    """Makes rules of what a file holds, and notes what is wrong."""

    def __init__(self, file: Path, problems: Problems) -> None:
        self._file = file
        self._problems = problems

    def read(self, value: Any) -> list[Rule]:
        """Return the rules of the whole file."""
        if not isinstance(value, LocatedMapping):
            self._problems.told.append(f"{self._file}:1: there are no rules; a file of rules looks like\n{_EXAMPLE}")
            return []
        item = Item(self._file, value)
        self._problems.check_keys(item, ("rules",))
        if not value.get("rules") and not self._problems.told:
            self._problems.tell(item, f"'rules' lists none; a rule looks like\n{_EXAMPLE}", "rules")
        return [self._rule(each) for each in self._problems.items(item, "rules")]

    def _rule(self, item: Item) -> Rule:
        self._problems.check_keys(item, _KEYS)
        return Rule(
            name=self._problems.text(item, "name") or f"{self._file.name}:{item.mapping.line}",
            paths=tuple(filter(None, (self._glob(item, glob) for glob in self._texts(item, "path", required=True)))),
            kinds=self._kinds(item),
            event=self._event(item),
            contents=tuple(filter(None, (self._pattern(item, each) for each in self._texts(item, "content")))),
            fields=self._fields(item),
            attributes=self._attributes(item),
            message=self._problems.text(item, "message") or None,
            severity=self._severity(item),
        )

    def _texts(self, item: Item, key: str, *, required: bool = False) -> tuple[str, ...]:
        """Return the texts under *key*, which may be one."""
        value = item.mapping.get(key)
        if isinstance(value, str) and value:
            return (value,)
        if not value:
            if required:
                self._problems.tell(item, f"'{key}' is missing: a glob such as docs/**/*.md", key)
            return ()
        return self._problems.strings(item, key)

    def _glob(self, item: Item, glob: str) -> re.Pattern[str] | None:
        """Return the pattern of a glob as in .gitignore, in which `{name}` stands for a part of the path and names it."""
        names = _PART.findall(glob)
        wrong = [name for name in names if not _PART_NAME.fullmatch(name)]
        if wrong or len(set(names)) < len(names):
            told = f"{{{wrong[0]}}} is no name" if wrong else "a name stands there twice"
            self._problems.tell(item, f"path '{glob}': {told}; write {{agent}} or {{task_id}}, each once", "path")
            return None
        if glob.startswith("!") or glob.endswith("/") or not glob.strip("/"):
            hint = "leave the ! away" if glob.startswith("!") else "write what files are called, such as docs/**"
            self._problems.tell(item, f"path '{glob}' fits no file: {hint}", "path")
            return None
        numbers = iter(range(len(names)))
        text = _PART.sub(lambda _: _STAND_IN.format(next(numbers)), glob)
        pattern = import_pathspec().GitIgnoreSpec.from_lines([text]).patterns[0]
        source = "" if pattern.regex is None else pattern.regex.pattern
        for number, name in enumerate(names):
            source = source.replace(_STAND_IN.format(number), f"(?P<{name}>[^/]+?)", 1)
        # What the library names for itself must not become an attribute.
        return re.compile(re.sub(r"\(\?P<ps_d>", "(?:", source)) if source else None

    def _pattern(self, item: Item, text: str) -> re.Pattern[str] | None:
        try:
            return re.compile(text, re.MULTILINE)
        except (re.error, RecursionError, OverflowError) as error:
            self._problems.tell(item, f"content '{text}' is no regular expression: {error}", "content")
            return None

    def _kinds(self, item: Item) -> frozenset[Kind]:
        # `on` alone is a word of YAML 1.1 for true, which this reader, like Weaver's, takes for what it is: a word.
        wanted = self._texts(item, "on")
        for word in wanted:
            if word not in KINDS:
                self._problems.tell(item, f"on '{word}': it is one or more of {', '.join(KINDS)}", "on")
        kinds = frozenset(kind for kind in KINDS if kind in wanted) if wanted else frozenset(KINDS)
        if "content" in item.mapping and kinds == {"deleted"}:
            self._problems.tell(item, "a deleted file has no content: remove 'content', or add to 'on'", "content")
        return kinds

    def _event(self, item: Item) -> str:
        event = self._problems.text(item, "event", required=True)
        problem = name_problem("event", event) if event else None
        if problem:
            self._problems.tell(item, problem, "event")
        return event

    def _fields(self, item: Item) -> dict[str, str]:
        value = item.mapping.get("fields")
        if value is None:
            return {}
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return {each: each for each in value}
        if isinstance(value, LocatedMapping) and all(isinstance(each, str) for each in value.values()):
            return dict(value)
        self._problems.tell(item, f"'fields' is a list of names, or attributes with names, not {value!r}", "fields")
        return {}

    def _attributes(self, item: Item) -> dict[str, Any]:
        value = item.mapping.get("attributes")
        if value is None:
            return {}
        if isinstance(value, LocatedMapping):
            return dict(value)
        self._problems.tell(item, f"'attributes' must be a mapping, not {value!r}", "attributes")
        return {}

    def _severity(self, item: Item) -> int | str | None:
        value = item.mapping.get("severity")
        if value is not None and parse_severity(value) is None:
            self._problems.tell(item, f"severity {value!r} is none; {SEVERITY_WORDS}", "severity")
            return None
        severity: int | str | None = value
        return severity
