"""`query`: find events."""

from __future__ import annotations

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

_EPILOG = """\b
Examples:
  otel-events query 'task.* persona=thesis quality>0.8' --since 10m
  otel-events query 'severity>=warn, "timed out"' --format jsonl logs/
  otel-events query 'task.*' --fields time,duration --sort -duration -n 10
  otel-events query --sql "SELECT event, count(*) FROM events GROUP BY 1"
  zcat old.jsonl.gz | otel-events query - '-epoch.*' -f csv -o all.csv
"""


@click.command("query", cls=ReadingCommand, epilog=_EPILOG)
@reads
@click.option("--fields", metavar="NAMES", help="What to show: attributes and facts, with commas between.")
@click.option("--sort", metavar="FIELD", help="In the order of FIELD; -FIELD the other way round.")
@click.option(
    "--unique/--no-unique",
    "is_unique",
    default=None,
    help="What was read twice, by its uid, once; the default where several files are read.",
)
@click.option("--all", "is_all", is_flag=True, help="Also what writers say of themselves.")
@click.option("--limit", "-n", type=click.IntRange(min=0), help="At most so many.")
@click.option("--format", "-f", "form", type=click.Choice(["table", "jsonl", "csv", "parquet"]), help="Default: table.")
@click.option("--json", "is_json", is_flag=True, help="The same as --format jsonl.")
@click.option("--sql", metavar="SELECT", help="Ask the table `events` by SQL (extra: sql).")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to a file; parquet needs one.")
def command(
    *,
    read: Input,
    fields: str | None,
    sort: str | None,
    is_unique: bool | None,
    is_all: bool,
    limit: int | None,
    form: str | None,
    is_json: bool,
    sql: str | None,
    output: str | None,
) -> int:
    """Find events by FILTER in FILEs, folders, or - for standard input.

    Without FILE the configured ledger is read, rotated files included. A word is a FILE if it has a slash in it or ends
    like .jsonl or .jsonl.gz.
    """
    from otel_events.cli.query_output import run_query
    from otel_events.cli.query_request import Query

    form = form or ("jsonl" if is_json else "table")
    if form == "parquet" and output is None:
        raise click.UsageError("parquet is no text: name a file with --output")
    names = tuple(name.strip() for name in fields.split(",") if name.strip()) if fields else ()
    return run_query(Query(read, names, sort or "", limit, form, sql or "", output, is_unique, is_all))
