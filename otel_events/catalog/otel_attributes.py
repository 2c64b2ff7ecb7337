"""The attributes of OpenTelemetry's own conventions that events of ours carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog.event_definition import AttributeDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping


def _stable(key: str, brief: str, *examples: str) -> AttributeDefinition:
    return AttributeDefinition(key=key, type="string", brief=brief, examples=examples, stability="stable")


def _developing(key: str, brief: str, *examples: str) -> AttributeDefinition:
    return AttributeDefinition(key=key, type="string", brief=brief, examples=examples, stability="development")


# OpenTelemetry defines these; a registry of ours may refer to them, and must not define them again.
OTEL_ATTRIBUTES: Mapping[str, AttributeDefinition] = {
    attribute.key: attribute
    for attribute in (
        _stable("error.type", "Describes a class of error the operation ended with.", "timeout", "ValueError"),
        _stable("exception.type", "The type of the exception, its fully qualified class name.", "OSError"),
        _stable("exception.message", "The exception message.", "Division by zero"),
        _stable("exception.stacktrace", "The stack trace, in the natural form of the language."),
        _developing(
            "file.path", "Full path to the file, including the file name.", "/srv/notes/plan.md", "C:\\notes\\plan.md"
        ),
        _developing("file.name", "Name of the file including the extension, without the directory.", "plan.md"),
        _developing("file.extension", "File extension, excluding the leading dot.", "md"),
        _developing("file.directory", "Directory where the file is located.", "/srv/notes", "C:\\notes"),
        AttributeDefinition(
            key="file.size",
            type="int",
            brief="File size in bytes.",
            unit="By",
            examples=(1024,),
            stability="development",
        ),
    )
}
