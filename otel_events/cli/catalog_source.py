"""The catalogue that a command works on: the built-in one, with registries and modules of the user's."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.catalog import current, extend_current
from otel_events.cli.complaints import InputError, missing_extra
from otel_events.errors import ConfigurationError, DefinitionError
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.catalog import EventDefinition

# Beneath names that the catalogue lacks.
HOW_TO_DEFINE = "what your programs define: --module NAME for @define classes, --catalog FOLDER for a registry"


def definitions_of(
    folders: Sequence[str], modules: Sequence[str], *, is_own: bool = False
) -> tuple[EventDefinition, ...]:
    """Return the catalogue with what *folders* and *modules* define, with *is_own* that alone; or raise InputError."""
    try:
        extend(folders, modules)
    except DefinitionError as error:
        raise InputError(str(error)) from error
    return current().own_definitions() if is_own else current().definitions()


def extend(folders: Sequence[str], modules: Sequence[str]) -> None:
    """Add what *folders* and *modules* define to the catalogue, or raise DefinitionError or InputError."""
    if folders:
        from otel_events.catalog.registry import load_registry

        try:
            extend_current(load_registry(*folders))
        except DefinitionError:
            raise
        except ConfigurationError as error:
            raise missing_extra("a registry", "catalog") from error
    for name in modules:
        _import(name)


def _import(name: str) -> None:
    """Import the user's module *name*, which may be in this folder."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        import_module(name)
    except DefinitionError:
        raise
    except Exception as error:  # it is the user's code, and may raise anything
        raise InputError(f"the module {harmless(name)} cannot be imported: {type(error).__name__}: {error}") from error
