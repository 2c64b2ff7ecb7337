"""The catalogue as text for people, as JSON, and as a registry for Weaver."""

from __future__ import annotations

import sys
from dataclasses import asdict
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_events.catalog import current
from otel_events.cli.catalog_source import extend
from otel_events.cli.colours import palette_for
from otel_events.cli.complaints import InputError, NotThereError, missing_extra
from otel_events.cli.row_formats import json_text, write_table
from otel_events.errors import ConfigurationError, DefinitionError
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.catalog import AttributeDefinition, EventDefinition
    from otel_events.catalog.export import RegistryManifest


def write_list(definitions: Sequence[EventDefinition], category: str | None, *, is_json: bool) -> None:
    """Write one line for each definition, those of a category together."""
    categories = sorted({definition.category for definition in definitions})
    if category is not None and category not in categories:
        raise click.BadParameter(
            f"there is no category {harmless(category)!r}; there are: {', '.join(filter(None, categories))}",
            param_hint="--category",
        )
    kept = [definition for definition in definitions if category in {None, definition.category}]
    if is_json:
        sys.stdout.write(json_text([_as_dict(definition) for definition in kept]) + "\n")
        return
    kept.sort(key=lambda definition: definition.category)  # stable: within one as they were defined
    width = max((len(definition.name) for definition in kept), default=0)
    palette = palette_for()
    for name, group in groupby(kept, key=lambda definition: definition.category):
        click.echo(palette.bold(harmless(name) or "others"))
        for definition in group:
            click.echo(f"  {harmless(definition.name).ljust(width)}  {harmless(definition.brief)}")
    click.echo(f"\n{count_of(len(kept), 'event')}")


def write_one(name: str, definitions: Sequence[EventDefinition], *, is_json: bool) -> None:
    """Write all that is known of the event *name*, or raise NotThereError."""
    definition = current().find(name)
    if definition is None:
        spellings = [spelling for each in definitions for spelling in (each.name, *each.aliases)]
        similar = ", ".join(get_close_matches(name, spellings, 3)) or "see `otel-events catalog list`"
        raise NotThereError(
            harmless(f"nobody has defined {name!r} (it may be emitted all the same). Similar: {similar}")
        )
    if is_json:
        sys.stdout.write(json_text(_as_dict(definition)) + "\n")
        return
    palette = palette_for()
    click.echo(f"{palette.bold(harmless(definition.name))}  {harmless(definition.brief)}")
    for label, text in _facts(definition).items():
        if text:
            click.echo(f"  {label:<9} {harmless(text)}")
    if definition.note:
        click.echo(f"\n{harmless(definition.note, keep_lines=True)}")
    if definition.attributes:
        click.echo()
        fields = ("attribute", "type", "unit", "level", "meaning", "examples")
        write_table(fields, map(_attribute_row, definition.attributes.values()), sys.stdout)


def write_check(folders: Sequence[str], modules: Sequence[str], *, is_json: bool) -> bool:
    """Write what is wrong with registries and modules; return whether nothing is."""
    builtin = {definition.name for definition in current().definitions()}
    problems: tuple[str, ...] = ()
    try:
        extend(folders, modules)
    except DefinitionError as error:
        problems = error.problems
    own = current().own_definitions()
    replaced = [definition.name for definition in own if definition.name in builtin]
    if is_json:
        result = {"problems": problems, "events": [each.name for each in own], "replaced": replaced}
        sys.stdout.write(json_text(result) + "\n")
        return not problems
    for problem in problems:
        click.echo(harmless(problem, keep_lines=True))
    if problems:
        click.echo(palette_for().bad(f"\n{len(problems)} problem{'s' * (len(problems) != 1)}"))
        return False
    attributes = {key for definition in own for key in definition.attributes}
    click.echo(
        palette_for().good(f"nothing wrong: {count_of(len(own), 'event')}, {count_of(len(attributes), 'attribute')}")
    )
    for name in replaced:
        click.echo(f"  {harmless(name)} replaces the built-in event of that name, as a whole")
    return True


def write_weaver(definitions: Sequence[EventDefinition], folder: str) -> None:
    """Write *definitions* into *folder*, whose manifest stays as it is if there is one; say what was written."""
    from otel_events.catalog.export import write_registry

    if not definitions:
        raise InputError("there is nothing to export: name a --catalog or a --module, or leave out --own")
    try:
        written = write_registry(definitions, folder, _manifest_of(Path(folder)))
    except ConfigurationError as error:
        raise missing_extra("a registry", "catalog") from error
    click.echo(f"{count_of(len(definitions), 'event')} in {count_of(len(written), 'file')} in {harmless(folder)}")
    click.echo(f"check it with: weaver registry check -r {written[0].parent.absolute()}")


def _manifest_of(folder: Path) -> RegistryManifest | None:
    from otel_events.catalog.export import RegistryManifest
    from otel_events.catalog.located_yaml import read_yaml

    path = folder / "manifest.yaml"
    content = read_yaml(path)[0] if path.is_file() else None
    if not isinstance(content, dict):
        return None
    known = {key: str(content[key]) for key in ("name", "description", "schema_url") if content.get(key)}
    return RegistryManifest(**known)


def _facts(definition: EventDefinition) -> dict[str, str]:
    flags = {
        "lifecycle": definition.lifecycle,
        "rolled up in displays": definition.rolled_up_in_displays,
        "not copied to spans": not definition.copied_to_spans,
    }
    return {
        "message": definition.message,
        "severity": definition.severity.name if definition.severity is not None else "INFO",
        "category": definition.category,
        "aliases": ", ".join(definition.aliases),
        "policy": ", ".join(flag for flag, holds in flags.items() if holds),
        "defined": definition.origin or "built in",
    }


def _attribute_row(attribute: AttributeDefinition) -> list[str]:
    cells = (
        attribute.key,
        attribute.type,
        attribute.unit,
        attribute.requirement_level,
        attribute.brief,
        ", ".join(map(str, attribute.examples)),
    )
    return [harmless(cell) for cell in cells]


def _as_dict(definition: EventDefinition) -> dict[str, Any]:
    attributes = [asdict(attribute) for attribute in definition.attributes.values()]
    severity = definition.severity.name if definition.severity is not None else None
    return {**_plain(definition), "severity": severity, "attributes": attributes}


def _plain(definition: EventDefinition) -> dict[str, Any]:
    names = (name for name in definition.__slots__ if name != "attributes")
    return {name: getattr(definition, name) for name in names}
