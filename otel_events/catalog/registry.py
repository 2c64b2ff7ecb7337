"""Event definitions out of registry folders in OpenTelemetry Weaver's `definition/2` format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.catalog.event_definition import EventDefinition
from otel_events.catalog.located_yaml import LocatedMapping, read_yaml
from otel_events.catalog.otel_attributes import OTEL_ATTRIBUTES
from otel_events.catalog.registry_attributes import (
    References,
    read_attribute,
    read_group,
    read_note,
    read_stability,
)
from otel_events.catalog.registry_problems import Item, Problems
from otel_events.catalog.validation import problems_of
from otel_events.errors import DefinitionError
from otel_events.event import Severity, parse_severity

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from otel_events.catalog.event_definition import AttributeDefinition

FILE_FORMAT = "definition/2"
MANIFESTS = ("manifest.yaml", "registry_manifest.yaml")

_OTHER_SIGNALS = ("metrics", "spans", "entities")
_FILE_KEYS = (
    *("file_format", "attributes", "attribute_groups", "events", "imports", "event_refinements"),
    *(*_OTHER_SIGNALS, "metric_refinements", "span_refinements", "entity_refinements"),
)
_EVENT_KEYS = (
    *("name", "brief", "stability", "attributes", "note", "deprecated", "annotations"),
    *("requirement_level", "entity_associations"),
)
EVENT_ANNOTATIONS = (
    *("category", "domain", "aliases", "message", "severity", "lifecycle", "rolled_up_in_displays"),
    *("copied_to_spans", "opentelemetry_attributes"),
)


def load_registry(*paths: str | os.PathLike[str], builtin: bool = True) -> tuple[EventDefinition, ...]:
    """Return the events that the registry folders (or single files) *paths* define.

    Args:
        paths: folders of `*.yaml` files, read as one registry with all folders below them.
        builtin: whether references may be to attributes of the built-in catalogue.

    Raises:
        DefinitionError: with everything that is wrong, by file and line.
        ConfigurationError: PyYAML is not installed.
    """
    problems = Problems()
    files = [item for path in paths for item in _read_files(Path(path), problems)]
    references = _read_references(files, problems)
    if not builtin:
        references.fallback = _no_attribute
    definitions = _read_events(files, references, problems)
    if problems.told:
        raise DefinitionError("this event registry cannot be used", list(dict.fromkeys(problems.told)))
    return tuple(definitions)


def _no_attribute(_key: str) -> AttributeDefinition | None:
    return None


def _read_files(path: Path, problems: Problems) -> list[Item]:
    if path.is_dir():
        names = sorted(found for found in path.rglob("*") if found.suffix in (".yaml", ".yml"))
        if not names:
            problems.told.append(f"{path}: holds no .yaml file")
    elif path.exists():
        names = [path]
    else:
        names = []
        problems.told.append(f"{path}: does not exist; it should be a registry folder with .yaml files")
    return [item for name in names if (item := _read_file(name, problems)) is not None]


def _read_file(path: Path, problems: Problems) -> Item | None:
    content, reason = read_yaml(path)
    if reason is not None:
        problems.told.append(reason)
        return None
    if not isinstance(content, LocatedMapping):
        problems.told.append(f"{path}: must be a mapping that begins with 'file_format: {FILE_FORMAT}'")
        return None
    item = Item(path, content)
    if path.name in MANIFESTS:
        problems.text(item, "schema_url", required=True)
        return None
    if content.get("file_format") != FILE_FORMAT:
        problems.tell(item, f"must begin with 'file_format: {FILE_FORMAT}'")
    problems.check_keys(item, _FILE_KEYS)
    return item


def _read_references(files: Iterable[Item], problems: Problems) -> References:
    attributes: dict[str, AttributeDefinition] = {}
    groups: dict[str, Item] = {}
    places: dict[str, str] = {}
    for item in (item for file in files for item in problems.items(file, "attributes")):
        attribute = read_attribute(item, problems)
        if attribute.key in attributes:
            problems.tell(item, f"attribute '{attribute.key}' is defined already at {places[attribute.key]}")
        if attribute.key in OTEL_ATTRIBUTES:
            problems.tell(item, f"attribute '{attribute.key}' is OpenTelemetry's: refer to it without defining it")
        attributes[attribute.key] = attribute
        places[attribute.key] = item.place
    for item in (item for file in files for item in problems.items(file, "attribute_groups")):
        name = read_group(item, problems)
        if name in groups:
            problems.tell(item, f"attribute group '{name}' is defined already at {groups[name].place}")
        groups[name] = item
    return References(attributes, groups, problems)


def _read_events(files: Iterable[Item], references: References, problems: Problems) -> list[EventDefinition]:
    definitions: list[EventDefinition] = []
    places: dict[str, str] = {}
    for item in (item for file in files for item in problems.items(file, "events")):
        definition = _read_event(item, references, problems)
        if definition.name in places:
            problems.tell(item, f"event '{definition.name}' is defined already at {places[definition.name]}")
        places[definition.name] = item.place
        for problem in problems_of(definition) if definition.name else ():
            problems.tell(item, problem)
        definitions.append(definition)
    return definitions


def _read_event(item: Item, references: References, problems: Problems) -> EventDefinition:
    problems.check_keys(item, _EVENT_KEYS)
    annotations = problems.annotations(item, EVENT_ANNOTATIONS)
    attributes = references.resolve(item)
    attributes.update(_opentelemetry_attributes(annotations, problems))
    return EventDefinition(
        name=problems.text(item, "name", required=True),
        brief=problems.text(item, "brief", required=True),
        message=problems.text(annotations, "message"),
        severity=_read_severity(annotations, problems),
        category=problems.text(annotations, "category"),
        domain=problems.text(annotations, "domain"),
        aliases=problems.strings(annotations, "aliases"),
        attributes=attributes,
        lifecycle=problems.flag(annotations, "lifecycle", default=False),
        rolled_up_in_displays=problems.flag(annotations, "rolled_up_in_displays", default=False),
        copied_to_spans=problems.flag(annotations, "copied_to_spans", default=True),
        stability=read_stability(item, problems),
        note=read_note(item, problems),
        origin=str(item.path),
    )


def _opentelemetry_attributes(annotations: Item, problems: Problems) -> dict[str, AttributeDefinition]:
    """Return the attributes of OpenTelemetry's own that the event carries: Weaver knows them by no `ref` of ours."""
    keys = problems.strings(annotations, "opentelemetry_attributes")
    for key in keys:
        if key not in OTEL_ATTRIBUTES:
            known = ", ".join(OTEL_ATTRIBUTES)
            problem = f"'{key}' is none of {known}: define it under 'attributes'"
            problems.tell(annotations, problem, "opentelemetry_attributes")
    return {key: OTEL_ATTRIBUTES[key] for key in keys if key in OTEL_ATTRIBUTES}


def _read_severity(annotations: Item, problems: Problems) -> Severity | None:
    value: Any = annotations.mapping.get("severity")
    severity = parse_severity(value) if value is not None else None
    if value is not None and severity is None:
        problems.tell(annotations, f"severity {value!r} must be a word such as WARN or ERROR, or a number from 1 to 24")
    return severity
