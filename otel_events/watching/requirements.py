"""The packages that the extra `watch` brings, imported when something is to be watched."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType


def import_pathspec() -> ModuleType:
    """Return pathspec, or raise ConfigurationError saying how to get it."""
    return _import("pathspec")


def import_watchdog(module: str) -> ModuleType:
    """Return *module* of watchdog, or raise ConfigurationError saying how to get it."""
    return _import(f"watchdog.{module}")


def _import(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise ConfigurationError(
            "files cannot be watched", [f"{package} is not installed: install otel-events[watch]"]
        ) from None
