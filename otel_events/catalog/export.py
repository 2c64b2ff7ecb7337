"""A catalogue as a registry folder that OpenTelemetry Weaver reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.catalog.located_yaml import import_yaml
from otel_events.catalog.otel_attributes import OTEL_ATTRIBUTES
from otel_events.catalog.registry import FILE_FORMAT
from otel_events.catalog.shared_attributes import CORRELATION, CORRELATION_KEYS, SharedAttributes

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition

_SHARED_FILE = "attributes"


class _OneLine(dict[str, Any]):
    """A mapping that the file holds on one line."""


class _OneLineList(list[Any]):
    """A list that the file holds on one line."""


@dataclass(frozen=True, slots=True)
class RegistryManifest:
    """What Weaver wants to know of a registry."""

    name: str = "otel-events"
    description: str = "Events exported from a catalogue of otel_events."
    schema_url: str = "https://example.com/schemas/otel-events/0.1.0"


def write_registry(
    definitions: Iterable[EventDefinition],
    folder: str | os.PathLike[str],
    manifest: RegistryManifest | None = None,
) -> list[Path]:
    """Write *definitions* into *folder* as a registry and return the files: a manifest, and one for each category.

    What Weaver's format has no place for goes into annotations, from which `load_registry` reads it back.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in registry_files(list(definitions), manifest or RegistryManifest()).items():
        path = target / name
        path.write_text(_as_yaml(content), encoding="utf-8", newline="\n")
        written.append(path)
    return written


def registry_files(definitions: list[EventDefinition], manifest: RegistryManifest) -> dict[str, dict[str, Any]]:
    """Return the content of each file of the registry, by file name."""
    shared = SharedAttributes.of(definitions)
    homes = _homes(definitions, shared)
    files: dict[str, dict[str, Any]] = {
        "manifest.yaml": {
            "name": manifest.name,
            "description": manifest.description,
            "schema_url": manifest.schema_url,
        }
    }
    for stem in dict.fromkeys([_SHARED_FILE, *(_stem(definition) for definition in definitions)]):
        attributes = [_attribute(shared.by_key[key]) for key, home in homes.items() if home == stem]
        groups = []
        if stem == _SHARED_FILE and any(shared.has_correlation(definition) for definition in definitions):
            groups = [{"id": CORRELATION, "visibility": "internal", "attributes": _correlation_references()}]
        events = [_event(definition, shared) for definition in definitions if _stem(definition) == stem]
        content = {"attributes": attributes, "attribute_groups": groups, "events": events}
        if attributes or events:
            files[f"{stem}.yaml"] = {
                "file_format": FILE_FORMAT,
                **{key: value for key, value in content.items() if value},
            }
    return files


def _stem(definition: EventDefinition) -> str:
    """Return the name of the file of *definition*; any category becomes a name that every file system takes."""
    stem = "".join(char if char.isascii() and char.isalnum() else "_" for char in definition.category.lower())
    return stem if stem.strip("_") and stem not in ("manifest", _SHARED_FILE) else f"{stem}_events".lstrip("_")


def _homes(definitions: list[EventDefinition], shared: SharedAttributes) -> dict[str, str]:
    """Return the file of each attribute: its category's if it is used in that one alone."""
    stems: dict[str, set[str]] = {key: set() for key in CORRELATION_KEYS if key in shared.by_key}
    for definition in definitions:
        for attribute in definition.attributes.values():
            stems.setdefault(attribute.key, set()).add(_stem(definition))
    return {
        key: _SHARED_FILE if key in CORRELATION_KEYS or len(used) > 1 else next(iter(used))
        for key, used in stems.items()
        if key not in OTEL_ATTRIBUTES
    }


def _correlation_references() -> list[_OneLine]:
    return [_OneLine(ref=key, requirement_level="recommended") for key in CORRELATION_KEYS]


def _attribute(attribute: AttributeDefinition) -> dict[str, Any]:
    return {
        "key": attribute.key,
        "type": _type(attribute),
        "brief": attribute.brief or f"The attribute {attribute.key}.",
        "stability": attribute.stability,
        **_given(
            note=attribute.note, examples=_OneLineList(attribute.examples), annotations=_given(unit=attribute.unit)
        ),
    }


def _type(attribute: AttributeDefinition) -> Any:
    if not attribute.members:
        return attribute.type
    return {
        "members": [
            {"id": _member_id(value), "value": value, "brief": str(value), "stability": attribute.stability}
            for value in attribute.members
        ]
    }


def _member_id(value: object) -> str:
    return "".join(char if char.isalnum() else "_" for char in str(value)).lower() or "empty"


def _event(definition: EventDefinition, shared: SharedAttributes) -> dict[str, Any]:
    own = shared.own(definition)
    references = [_reference(attribute, shared) for attribute in own if not _is_opentelemetry(attribute)]
    if shared.has_correlation(definition):
        references.append(_OneLine(ref_group=CORRELATION))
    annotations = _given(
        category=definition.category,
        domain=definition.domain,
        message=definition.message,
        severity="" if definition.severity is None else definition.severity.name,
        aliases=_OneLineList(definition.aliases),
        lifecycle=definition.lifecycle,
        rolled_up_in_displays=definition.rolled_up_in_displays,
        opentelemetry_attributes=_OneLineList(attribute.key for attribute in own if _is_opentelemetry(attribute)),
    )
    if not definition.copied_to_spans:
        annotations["copied_to_spans"] = False
    return {
        "name": definition.name,
        "brief": definition.brief or f"The event {definition.name}.",
        "stability": definition.stability,
        "requirement_level": "recommended",
        **_given(note=definition.note, annotations=annotations, attributes=references),
    }


def _is_opentelemetry(attribute: AttributeDefinition) -> bool:
    return attribute.key in OTEL_ATTRIBUTES


def _reference(attribute: AttributeDefinition, shared: SharedAttributes) -> dict[str, Any]:
    reference: dict[str, Any] = {"ref": attribute.key, "requirement_level": attribute.requirement_level}
    if shared.is_shared(attribute):
        return _OneLine(reference)
    common = replace(shared.by_key[attribute.key], requirement_level=attribute.requirement_level)
    for name in ("brief", "note", "stability"):
        if getattr(attribute, name) != getattr(common, name):
            reference[name] = getattr(attribute, name)
    if attribute.examples != common.examples:
        reference["examples"] = _OneLineList(attribute.examples)
    annotations: dict[str, Any] = {}
    if attribute.unit != common.unit:
        annotations["unit"] = attribute.unit
    if (attribute.type, attribute.members) != (common.type, common.members):
        # Weaver knows one type for a key; an event that departs from it says so here.
        annotations["type"] = _type(attribute)
    return {**reference, **_given(annotations=annotations)}


def _given(**fields: Any) -> dict[str, Any]:
    """Return *fields* less those that say nothing."""
    return {key: value for key, value in fields.items() if value}


def _as_yaml(content: dict[str, Any]) -> str:
    yaml = import_yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]  # imported late
        def ignore_aliases(self, _data: Any) -> bool:
            return True  # an anchor would join entries that only happen to be equal

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002  # its signature
            return super().increase_indent(flow, indentless=False)

    Dumper.add_representer(
        _OneLine,
        lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True),
    )
    Dumper.add_representer(
        _OneLineList,
        lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True),
    )
    text: str = yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
