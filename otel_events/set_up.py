"""Settings by keywords and environment, and what is built by them: a wrong variable stops no program."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from otel_events import runtime
from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otel_events.notices import Notices
    from otel_events.settings import Settings

_Built = TypeVar("_Built")
_PREFIX = "OTEL_"
# Variables with such an ending say where events go: what does not fit beside these gives way to them.
_PLACES = ("_EXPORTER", "_PROTOCOL", "_ENDPOINT", "_URL")


def resolve_settings(
    keywords: Mapping[str, Any], notices: Notices, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings by *keywords* and *environ*, this process's by default, or raise ConfigurationError; warn of wrong variables."""
    from otel_events.entry_points import installed
    from otel_events.settings import resolve

    given = {**runtime.declared, **keywords}
    try:
        settings, warnings = resolve(given, os.environ if environ is None else environ, installed=installed)
    except ConfigurationError as error:
        from otel_events.guards import guard_problems

        more = [problem for problem in guard_problems(given) if problem not in error.problems]
        raise ConfigurationError("configure() cannot use these keywords", [*error.problems, *more]) from None
    for warning in warnings:
        notices.warn(f"setting:{warning}", warning)
    return settings


def build_by(
    settings: Settings, keywords: Mapping[str, Any], notices: Notices, build: Callable[[Settings], _Built]
) -> tuple[Settings, _Built]:
    """Return *settings* and what *build* makes of them; of others, without the variables that are to blame, where it raises.

    Raises:
        ConfigurationError: it is the *keywords* that cannot be used.
    """
    try:
        return settings, build(settings)
    except ConfigurationError:
        wrong = find_wrong_variables(os.environ, partial(_problems, keywords, notices, build))
        if wrong is None:
            raise
    for name, problems in wrong.items():
        notices.warn(f"variable:{name}", f"{name} cannot be used, and is left out: {'; '.join(problems)}")
    environ = {name: text for name, text in os.environ.items() if name not in wrong}
    settings = resolve_settings(keywords, notices, environ)
    return settings, build(settings)


def find_wrong_variables(
    environ: Mapping[str, str], problems_of: Callable[[Mapping[str, str]], Sequence[str]]
) -> dict[str, Sequence[str]] | None:
    """Return the variables that have to be left out of *environ*, with what is wrong with each.

    None if there are problems without any as well. Slow, for it tries one after the other.

    Args:
        environ: the environment.
        problems_of: what is wrong with an environment.
    """
    kept = {name: text for name, text in environ.items() if not name.startswith(_PREFIX)}
    if problems_of(kept):
        return None
    wrong: dict[str, Sequence[str]] = {}
    for name in sorted(environ.keys() - kept.keys(), key=lambda name: (not name.endswith(_PLACES), name)):
        kept[name] = environ[name]
        if problems := problems_of(kept):
            wrong[name] = problems
            del kept[name]
    return wrong


def _problems(
    keywords: Mapping[str, Any], notices: Notices, build: Callable[[Settings], Any], environ: Mapping[str, str]
) -> Sequence[str]:
    try:
        build(resolve_settings(keywords, notices, environ))
    except ConfigurationError as error:
        return error.problems
    return ()
