"""`tui`: the terminal screen."""

from __future__ import annotations

import gc
import os
import sys

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError, NotThereError, WrongFilterError
from otel_events.cli.examples import examples
from otel_events.filter_language import FilterError
from otel_events.reading.sources import STANDARD_INPUT, SourceError

_EPILOG = examples(
    "tui",
    "tui 'severity>=warn' runs/events.jsonl",
    "tui http://127.0.0.1:5001   # what `serve` has, live",
    "tui https://events.example.org --token-file token",
    "tui --theme nord --no-roll-up 'epoch.*'",
)


@click.command("tui", epilog=_EPILOG)
@click.argument("words", nargs=-1, metavar="[FILTER]... [FILE|ADDRESS]...")
@click.option("--token-file", type=click.Path(exists=True, dir_okay=False), help="File with the server's token.")
@click.option("--no-follow", is_flag=True, help="Show the files as they are now.")
@click.option("--no-roll-up", is_flag=True, help="A row for every event, also of frequent types.")
@click.option("--theme", metavar="NAME", help="One of Textual's; 'ansi' uses the colours of the terminal.")
@click.option("--slow", "is_slow", is_flag=True, help="Draw once a second, with few colours: for a line of 64 kbit/s.")
@click.option("--ascii", "is_ascii", is_flag=True, help="Draw with ASCII signs alone.")
def command(
    *,
    words: tuple[str, ...],
    token_file: str | None,
    no_follow: bool,
    no_roll_up: bool,
    theme: str | None,
    is_slow: bool,
    is_ascii: bool,
) -> int:
    """Show events on a screen of the terminal: as they happen, and all that led there.

    Without FILE or ADDRESS it is the ledger of this user. The server's token is taken from --token-file,
    OTEL_EVENTS_SERVER_TOKEN, or this user's own server. ? shows the keys, q ends.
    """
    gc.disable()  # what is imported stays, and to look through it again and again would be a tenth of the start
    try:
        from otel_events.tui.app import Screen
        from otel_events.tui.choose_source import choose_among
    except ModuleNotFoundError as error:
        raise NotThereError(f"the screen needs {error.name}: install otel-events[tui]") from error
    finally:
        gc.enable()
    if not sys.stdout.isatty():
        raise click.UsageError("this needs a terminal; `otel-events tail -f` goes into pipes and files")
    from otel_events.cli.inputs import is_path

    sources = [word for word in words if is_path(word) or word.startswith(("http://", "https://"))]
    filters = [word.strip() for word in words if word not in sources]
    if STANDARD_INPUT in sources:
        raise click.UsageError(
            "the screen reads its keys from standard input; write the events into a file and name that"
        )
    try:
        source = choose_among(sources, token=_token(token_file), follows=not no_follow)
        screen = Screen(
            source, filter=" ".join(filters), rolls_up=not no_roll_up, is_ascii=is_ascii or None, is_slow=is_slow
        )
        if theme or is_slow:
            screen.use_theme(theme or "ansi")
    except SourceError as error:
        raise InputError(str(error)) from error
    except FilterError as error:
        raise WrongFilterError(error) from error
    gc.freeze()  # a collection that looked through all this again would last longer than two frames
    screen.run()
    return screen.return_code or exit_codes.OK


def _token(token_file: str | None) -> str:
    if token_file is None:
        return os.environ.get("OTEL_EVENTS_SERVER_TOKEN", "")
    try:
        with open(token_file, encoding="utf-8") as file:  # noqa: PTH123  # click has looked at it
            return file.read().strip()
    except OSError as error:
        raise InputError(f"{token_file}: {error.strerror}") from error
