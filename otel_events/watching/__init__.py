"""What happens to files, as events: `watch`, and what classifiers are given and give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.emit import emit
from otel_events.watching.change import Change, Classifier, FileEvent
from otel_events.watching.plan import Plan, absolute_paths, find_classifiers
from otel_events.watching.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike

__all__ = ["Change", "Classifier", "FileEvent", "Watcher", "watch"]


def watch(
    *paths: str | PathLike[str],
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    classify: Classifier | Iterable[Classifier] = (),
    rules: str | PathLike[str] | None = None,
    profile: str | None = None,
    only_classified: bool = False,
    ignore_files: bool = True,
    initial: int = 0,
    debounce: float = 0.3,
    burst: int = 100,
    polling: bool = False,
    poll_interval: float = 2.0,
    content: bool | None = None,
    on_event: Callable[[Change | None, FileEvent], None] | None = None,
    emit: Callable[..., None] = emit,
) -> Watcher:
    """Return a watcher of *paths*, to be used with `with`, `async with`, or by `start` and `stop`.

    Args:
        *paths: directories, with all that is in them, or files.
        include: globs as in .gitignore; only files that fit one are watched.
        exclude: globs of what is not watched.
        classify: functions from a change to the event that it means, or to None. Each is asked; if none knows, it is
            `file.created`, `file.modified`, `file.moved` or `file.deleted`.
        rules: a file of rules, which is one more such function.
        profile: ready-made functions; there is `egos`.
        only_classified: changes that no function knows are not told.
        ignore_files: leave out what .gitignore and .otel-eventsignore name.
        initial: tell the newest so many files at the start, too.
        debounce: seconds for which a file has to be left alone before it is looked at.
        burst: more changes at once than these are told as one event, `file.batch_changed`; 0 for no bound.
        polling: look at the directories again and again instead of being told by the system: network drives.
        poll_interval: seconds between two such looks.
        content: prompts and responses are on events of the profile `egos`; None: as the setting `watch_content` says.
        on_event: called with each change, or None, and its event, after that was emitted; on the watcher's thread.
        emit: takes the events, as `otel_events.emit` does: that of an emitter, for a library's own scope.

    Raises:
        ConfigurationError: a path does not exist, a rule file is wrong, or the extra `watch` is not installed.
    """
    problems: list[str] = []
    plan = Plan(
        paths=absolute_paths(paths),
        include=tuple(include),
        exclude=tuple(exclude),
        classifiers=find_classifiers(classify, rules, profile, content, problems),
        only_classified=only_classified,
        ignore_files=ignore_files,
        initial=initial,
        debounce=debounce,
        burst=burst,
        polling=polling,
        poll_interval=poll_interval,
        on_event=on_event,
        emit=emit,
    )
    plan.check(problems)
    return Watcher(plan)
