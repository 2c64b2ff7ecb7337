"""The findings of `doctor` as text for people, or as one JSON object."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from otel_events.cli import emitting, exit_codes
from otel_events.cli.colours import Palette, palette_for
from otel_events.cli.diagnosis.examine import examine
from otel_events.cli.diagnosis.sources import DEFAULT, list_settings
from otel_events.cli.row_formats import json_text
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.cli.diagnosis.finding import Finding
    from otel_events.cli.diagnosis.sources import SourcedSetting

_WORDS = {"ok": "ok", "note": "note", "warning": "WARN", "error": "FAIL"}
_INDENT = " " * 6
_WIDEST = 60
_NARROWEST = 40


def run_doctor(*, timeout: float, with_probe: bool, shows_all: bool, is_strict: bool, is_json: bool) -> int:
    """Examine and write; return the exit code."""
    settings = list_settings(os.environ)  # before the probe gets a name
    has_variables = any(name.startswith("OTEL_") and value for name, value in os.environ.items())
    emitting.name_service()
    findings: list[Finding] = []
    if not is_json:
        _write_settings(settings, shows_all=shows_all, has_variables=has_variables)
    topic = ""
    for finding in examine(dict(os.environ), timeout=timeout, with_probe=with_probe):
        findings.append(finding)
        if not is_json:
            _write(finding, is_new_topic=finding.topic != topic)
            topic = finding.topic
    counts = {level: sum(finding.level == level for finding in findings) for level in _WORDS}
    is_well = not counts["error"] and not (is_strict and counts["warning"])
    if is_json:
        found = {"is_well": is_well, "counts": counts, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json_text({**found, "settings": [asdict(row) for row in settings]}) + "\n")
    else:
        click.echo(f"\n{_verdict(counts, palette_for())}")
    return exit_codes.OK if is_well else exit_codes.NO


def _write_settings(settings: Sequence[SourcedSetting], *, shows_all: bool, has_variables: bool) -> None:
    palette = palette_for()
    shown = [row for row in settings if shows_all or row.source != DEFAULT]
    click.echo(palette.bold("settings"))
    if not shown:
        why = "no OTEL_* variable that is set can be used" if has_variables else "nothing is set in the environment"
        click.echo(f"  {why}: all have their defaults (--settings shows them)")
        return
    values = [_shorten(harmless(row.value)) for row in shown]
    name_width, value_width = max(len(row.name) for row in shown), max(map(len, values))
    for row, value in zip(shown, values, strict=True):
        click.echo(f"  {row.name.ljust(name_width)}  {value.ljust(value_width)}  {palette.dim(row.source)}")


def _shorten(value: str) -> str:
    return value if len(value) <= _WIDEST else value[: _WIDEST - 1] + "…"


def _write(finding: Finding, *, is_new_topic: bool) -> None:
    palette = palette_for()
    if is_new_topic:
        click.echo(palette.bold(finding.topic))
    word = _WORDS[finding.level].ljust(4)
    coloured = {"ok": palette.good, "note": palette.dim, "error": palette.bad}.get(finding.level, palette.bold)(word)
    click.echo(f"  {coloured}  {_wrap(harmless(finding.text), _INDENT)}")
    if finding.advice:
        click.echo(f"  {_INDENT}→ {_wrap(harmless(finding.advice), f'{_INDENT}  ')}")


def _wrap(text: str, indent: str) -> str:
    """Return *text* in lines of a terminal's width, all but the first with *indent*; elsewhere as it is."""
    if not sys.stdout.isatty():
        return text
    width = max(_NARROWEST, shutil.get_terminal_size().columns) - len(indent) - 2
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return f"\n  {indent}".join(lines)


def _verdict(counts: dict[str, int], palette: Palette) -> str:
    if counts["error"]:
        warnings = f", {counts['warning']} to look at" if counts["warning"] else ""
        return palette.bad(f"{counts['error']} wrong{warnings}")
    if counts["warning"]:
        return palette.bold(f"it works; {counts['warning']} to look at")
    return palette.good("all is well")
