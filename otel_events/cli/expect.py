"""`expect`: what was to happen and did not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from otel_events.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.absence.rule import Rule

_EPILOG = examples(
    "expect 'heartbeat courier within 90s' 'cycle.start every 5m'",
    "expect --rules rules.txt events.jsonl",
    "expect --rules rules.txt --since 1h --open --json",
    "expect --rules rules.txt --follow --emit",
)
_FORMS = (
    ("heartbeat NAME within 90s", "A beat at least so often; * is each name that has beaten once."),
    ("EVENT ends within 10m", "What task.started, cycle.start, ... begin must end."),
    ("EVENT every 5m [by KEY]", "Another such event at least so often, for each value of KEY."),
    ("... where FILTER", "Which events are meant: query --help."),
)


class _ExpectCommand(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("RULE, quoted in a shell"):
            formatter.write_dl(_FORMS)
        super().format_epilog(ctx, formatter)


@click.command("expect", cls=_ExpectCommand, epilog=_EPILOG)
@click.argument("words", nargs=-1, metavar="[RULE]... [FILE]...")
@click.option("--rules", "file", metavar="FILE", help="Rules, one a line.  [OTEL_EVENTS_EXPECT]")
@click.option("--follow", "-f", is_flag=True, help="Go on with what is appended, and tell when something is missed.")
@click.option("--emit", is_flag=True, help="With --follow: emit what is told, as events, by OTEL_* and OTEL_EVENTS_*.")
@click.option("--since", metavar="TIME", help="Expected from then on: 10m, 1h30m, 14:30, an ISO 8601 time.")
@click.option("--until", metavar="TIME", help="Until then.  [now for the ledger, the last event of a FILE]")
@click.option("--open", "is_open", is_flag=True, help="Only what is missed still.")
@click.option("--json", "is_json", is_flag=True, help="One event a line.")
def command(
    *,
    words: Sequence[str],
    file: str | None,
    follow: bool,
    emit: bool,
    since: str | None,
    until: str | None,
    is_open: bool,
    is_json: bool,
) -> int:
    """Tell what was expected and did not happen, in the user's ledger or in FILE: exit code 1 if something was missed.

    What has happened counts from when it happened, in whatever order it was written. With --follow what is missing at the start is
    told after a minute of grace at most; otel-events serve --expect does so for all that it receives.
    """
    from otel_events.cli.expecting import Wanted, follow_on, look_back_once
    from otel_events.cli.inputs import parse_input

    texts, paths = _sort_out(words)
    if (emit and not follow) or (is_open and follow):
        raise click.UsageError("--emit goes with --follow, and --open without it")
    if follow and (since or until):
        raise click.UsageError("--follow begins now and has no end: leave out --since and --until")
    rules = _rules(texts, file)
    read = parse_input(paths, since, until)
    wanted = Wanted(rules, is_json, is_open, emit)
    return follow_on(read, wanted) if follow else look_back_once(read, wanted)


def _sort_out(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the rules and the paths among *words*; a rule whose words are not quoted is one all the same."""
    from otel_events.cli.inputs import is_path

    paths = [word for word in words if " " not in word and is_path(word)]
    rest = [word for word in words if word not in paths]
    if rest and not any(" " in word for word in rest):
        return [" ".join(rest)], paths
    return rest, paths


def _rules(texts: Sequence[str], file: str | None) -> tuple[Rule, ...]:
    from otel_events.absence.language import RuleError, parse_rules, read_rules

    file = file or (None if texts else os.environ.get("OTEL_EVENTS_EXPECT", "").strip() or None)
    if not texts and file is None:
        raise click.UsageError("say what is expected: 'heartbeat orchestrator within 90s', or --rules FILE")
    try:
        return (*(read_rules(file) if file else ()), *parse_rules(texts))
    except RuleError as error:
        raise click.UsageError(str(error)) from error
