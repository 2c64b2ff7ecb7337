"""`watch`: what happens to files, as events."""

from __future__ import annotations

from typing import Any

import click

_EPILOG = """\b
Examples:
  otel-events watch docs src
  otel-events watch . --include '*.md' --exclude 'drafts/' --initial 10
  otel-events watch logs --rules watch.yaml --only-classified --json
  otel-events watch . --rules watch.yaml --dry-run
  otel-events watch C:\\EGOS --profile egos --no-content
  otel-events watch /mnt/share --poll --poll-interval 10
"""


@click.command("watch", epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path())
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that fit, as in .gitignore.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Not what fits; !GLOB takes one back.")
@click.option("--profile", metavar="NAME", help="Ready-made classifiers: egos.")
@click.option("--rules", metavar="FILE", type=click.Path(), help="Rules in YAML: path, content -> event.")
@click.option("--only-classified", is_flag=True, help="Nothing of files that no rule or profile knows.")
@click.option(
    "--initial", metavar="N", type=click.IntRange(min=0), default=0, help="Tell the newest N files at the start."
)
@click.option("--no-content", is_flag=True, help="No prompts and responses, only their lengths.")
@click.option("--no-ignore", is_flag=True, help="Also what .gitignore and .otel-eventsignore leave out.")
@click.option("--poll", is_flag=True, help="Look again and again: for network drives.")
@click.option("--poll-interval", metavar="SECONDS", type=float, default=2.0, help="Between two looks.  [2]")
@click.option("--debounce", metavar="SECONDS", type=float, default=0.3, help="Rest before a file is looked at.  [0.3]")
@click.option(
    "--burst", metavar="N", type=click.IntRange(min=0), default=100, help="More at once are one event; 0: never.  [100]"
)
@click.option("--dry-run", is_flag=True, help="Show which event each file would give by which rule, and end.")
@click.option("--json", "is_json", is_flag=True, help="One object a line.")
def command(**options: Any) -> int:
    """Tell what happens to files beneath each PATH, as events, until Ctrl-C.

    Created, modified, moved, deleted: an event each, file.created and so on, or what a rule or a profile makes of it. However an
    editor saves, it is one change; a file that was only touched has none. Many changes at once are one event,
    file.batch_changed.

    Events go where OTEL_* and OTEL_EVENTS_* say, guarded as all events; the task and trace in TRACEPARENT and BAGGAGE are
    theirs. Exit code 0 after --dry-run; 2: a rule file is wrong, all that is wrong with it is told; 3: no such path; 130:
    Ctrl-C or kill.
    """
    from otel_events.cli.watching import WatchWish, run_watch

    return run_watch(WatchWish(**options))
