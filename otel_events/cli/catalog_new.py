"""A catalogue to begin with: a registry, and a typed module that defines the same events."""

from __future__ import annotations

import re
from pathlib import Path

import click

from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition
from otel_events.catalog.export import RegistryManifest, write_registry
from otel_events.catalog.names import name_problem
from otel_events.cli.complaints import InputError, missing_extra
from otel_events.errors import ConfigurationError
from otel_events.event import Severity
from otel_events.reading.harmless import harmless

_MODULE = '''\
"""The events of {name}, typed: checkers and editors know them, and so does the catalogue, once this is imported.

`registry/` says the same for OpenTelemetry Weaver and for programs in other languages. After a change here:

    otel-events catalog export --own --module {module} --weaver registry
    otel-events catalog check registry
"""

from __future__ import annotations

from typing import Annotated

import otel_events as ev


@ev.define("{name}.item.added", brief="An item was added.", message="Item added", category="{name}")
class ItemAdded:
    item: Annotated[str, "What was added."]
    price: Annotated[float, "What it costs."]
    quantity: Annotated[int, "How many of them."] = 1


@ev.define(
    "{name}.order.failed", brief="An order could not be made.", message="Order failed", severity="error", category="{name}"
)
class OrderFailed:
    reason: Annotated[str, "Why it happened."]
    order_number: Annotated[str | None, "The number, if it had got one."] = None


def example() -> None:
    """Emit one of each."""
    ev.emit(ItemAdded(item="tea", price=4.5))
    ev.emit(OrderFailed(reason="out of stock"), session_id="s-1")
'''


def write_beginning(folder: str, name: str | None) -> None:
    """Write into *folder*, or raise UsageError for a wrong name and InputError for what is there already."""
    target = Path(folder)
    name = name or re.sub(r"[^a-z0-9_]+", "_", target.absolute().name.lower()).strip("_")
    problem = name_problem("event name", f"{name}.item.added")
    if problem or not name.isidentifier():
        raise click.UsageError(f"{harmless(name)!r} cannot begin a name: say --name with a word such as 'shop'")
    module, registry = target / f"{name}_events.py", target / "registry"
    for path in (module, registry):
        if path.exists():
            raise InputError(f"{path} is there already, and is not overwritten")
    definitions = _definitions(name)
    manifest = RegistryManifest(
        name=name, description=f"The events of {name}.", schema_url=f"https://example.com/schemas/{name}/0.1.0"
    )
    try:
        written = write_registry(definitions, registry, manifest)
    except ConfigurationError as error:
        raise missing_extra("a registry", "catalog") from error
    module.write_text(_MODULE.format(name=name, module=module.stem), encoding="utf-8", newline="\n")
    for path in (*written, module):
        click.echo(f"wrote {harmless(str(path))}")
    click.echo(f"\nIn your program: from {module.stem} import ItemAdded; ev.emit(ItemAdded(item='tea', price=4.5))")
    click.echo(f"Without the module: ev.configure(catalog=[{harmless(str(registry))!r}])")


def _definitions(name: str) -> list[EventDefinition]:
    """Return what the module defines."""
    return [
        EventDefinition(
            name=f"{name}.item.added",
            brief="An item was added.",
            message="Item added",
            category=name,
            attributes=_by_key(
                AttributeDefinition("item", "string", "What was added.", "required"),
                AttributeDefinition("price", "double", "What it costs.", "required"),
                AttributeDefinition("quantity", "int", "How many of them.", "recommended"),
            ),
        ),
        EventDefinition(
            name=f"{name}.order.failed",
            brief="An order could not be made.",
            message="Order failed",
            severity=Severity.ERROR,
            category=name,
            attributes=_by_key(
                AttributeDefinition("reason", "string", "Why it happened.", "required"),
                AttributeDefinition("order_number", "string", "The number, if it had got one.", "recommended"),
            ),
        ),
    ]


def _by_key(*attributes: AttributeDefinition) -> dict[str, AttributeDefinition]:
    return {attribute.key: attribute for attribute in attributes}
