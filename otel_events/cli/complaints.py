"""What a command says when it cannot do what it was asked for: one clear message, and an exit code."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from otel_events.filter_language import FilterError


class InputError(click.ClickException):
    """What was to be read or written cannot be."""

    exit_code = exit_codes.INPUT

    def __init__(self, message: str) -> None:
        super().__init__(harmless(message, keep_lines=True))


class NotThereError(click.ClickException):
    """What was asked for is not among the events."""

    exit_code = exit_codes.NO


class WrongFilterError(click.UsageError):
    """A filter cannot be understood; shows it with a mark beneath each mistake."""

    def __init__(self, error: FilterError) -> None:
        self._mistakes = error.mistakes
        super().__init__(str(error))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the filter, and what is wrong where."""
        click.echo("Error: the filter cannot be used", file=file, err=file is None)
        for mistake in self._mistakes:
            # One character for one, so that the mark stands where it should.
            text = "".join(each if each.isprintable() else "?" for each in mistake.text)
            click.echo(f"\n  {text}\n  {' ' * (mistake.column - 1)}^", file=file, err=file is None)
            click.echo(f"  column {mistake.column}: {harmless(mistake.problem)}", file=file, err=file is None)
        click.echo("\nThe whole language: otel-events query --help", file=file, err=file is None)


def missing_extra(what: str, extra: str) -> InputError:
    """Return the error that says what to install."""
    return InputError(f"the base package is not enough for {what}: install otel-events[{extra}]")
