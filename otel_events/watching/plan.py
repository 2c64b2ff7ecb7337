"""What is to be watched and how, checked as a whole."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events import process
from otel_events.emit import emit
from otel_events.errors import ConfigurationError
from otel_events.watching.egos import egos_classifiers
from otel_events.watching.own_files import find_own_files
from otel_events.watching.requirements import import_watchdog
from otel_events.watching.rule_file import load_rules
from otel_events.watching.scope import Scope
from otel_events.watching.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from os import PathLike

    from otel_events.watching.change import Change, Classifier, FileEvent

# By its name: (whether prompts and responses are told) -> classifiers.
PROFILES: dict[str, Callable[[bool], Sequence[Classifier]]] = {
    "egos": lambda content: egos_classifiers(with_content=content),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What `watch` was asked for.

    Attributes:
        paths: absolute ones.
        classifiers: in the order in which they are asked.
    The others are arguments of `watch`.
    """

    paths: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    classifiers: tuple[Classifier, ...] = ()
    only_classified: bool = False
    ignore_files: bool = True
    initial: int = 0
    debounce: float = 0.3
    burst: int = 100
    polling: bool = False
    poll_interval: float = 2.0
    on_event: Callable[[Change | None, FileEvent], None] | None = None
    emit: Callable[..., None] = emit

    def check(self, problems: Iterable[str]) -> None:
        """Raise ConfigurationError with *problems* and with what is wrong here, if there is anything."""
        import_watchdog("events")
        times = {"debounce": self.debounce, "poll_interval": self.poll_interval}
        counts = {"initial": self.initial, "burst": self.burst}
        found = [
            *problems,
            *(f"{name} must be more than 0, not {value!r}" for name, value in times.items() if not value > 0),
            *(f"{name} must be 0 or more, not {value!r}" for name, value in counts.items() if value < 0),
        ]
        if not self.paths:
            found.append("no path is given")
        if found:
            raise ConfigurationError("files cannot be watched", found)
        self.make_scopes()

    def make_scopes(self) -> list[Scope]:
        """Return a scope for each directory that is to be watched; none for one that is watched within another.

        Raises:
            ConfigurationError: a path does not exist, or a glob is none.
        """
        missing = [path for path in self.paths if not os.path.lexists(path)]
        if missing:
            raise ConfigurationError("files cannot be watched", [f"{path} does not exist" for path in missing])
        is_own = find_own_files()
        wanted: dict[str, set[str]] = {}
        for path in sorted(self.paths, key=os.path.isdir, reverse=True):
            if os.path.isdir(path):
                wanted[path] = set()
                continue
            directory, name = os.path.split(path)
            names = wanted.setdefault(directory, {name})
            if names:  # else all that is there is watched anyhow
                names.add(name)
        scopes: list[Scope] = []
        for root in sorted(wanted, key=lambda each: (bool(wanted[each]), len(each))):
            scope = self._make_scope(root, wanted[root], is_own)
            if not any(outer.contains(scope) for outer in scopes):
                scopes.append(scope)
        return scopes

    def make_teller(self) -> Teller:
        """Return what tells of changes."""
        return Teller(
            self.classifiers,
            burst=self.burst,
            only_classified=self.only_classified,
            on_event=self.on_event,
            emit=self.emit,
        )

    def _make_scope(self, root: str, names: Iterable[str], is_own: Callable[[str], bool]) -> Scope:
        try:
            return Scope(root, self.include, self.exclude, ignore_files=self.ignore_files, is_own=is_own, only=names)
        except ConfigurationError:
            raise
        except ValueError as error:  # pathspec's, of a glob
            raise ConfigurationError("files cannot be watched", [str(error)]) from error


def find_classifiers(
    classify: Classifier | Iterable[Classifier],
    rules: str | PathLike[str] | None,
    profile: str | None,
    content: bool | None,
    problems: list[str],
) -> tuple[Classifier, ...]:
    """Return the classifiers that arguments of `watch` name; what is wrong with them goes into *problems*."""
    own = (classify,) if callable(classify) else tuple(classify)
    with_content = process.current().ready_settings().watch_content if content is None else content
    return (*own, *_rules(rules, problems), *_profile(profile, problems, with_content=with_content))


def absolute_paths(paths: Iterable[str | PathLike[str]]) -> tuple[str, ...]:
    """Return each of *paths* once, as the system will call it."""
    return tuple(dict.fromkeys(map(_absolute, paths)))


def _profile(name: str | None, problems: list[str], *, with_content: bool) -> Sequence[Classifier]:
    if name is None:
        return ()
    if name not in PROFILES:
        problems.append(f"there is no profile {name!r}; there is {', '.join(PROFILES)}")
        return ()
    return PROFILES[name](with_content)


def _rules(path: str | PathLike[str] | None, problems: list[str]) -> Sequence[Classifier]:
    if path is None:
        return ()
    try:
        return (load_rules(path),)
    except ConfigurationError as error:
        problems += error.problems
        return ()


def _absolute(path: str | PathLike[str]) -> str:
    # What the system tells has no links in it; on Windows a drive of the user's would turn into something else.
    return os.path.abspath(path) if sys.platform == "win32" else os.path.realpath(path)
