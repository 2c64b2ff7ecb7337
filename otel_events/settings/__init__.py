"""Settings: `OTEL_*` variables and keywords -> one frozen value."""

from __future__ import annotations

from otel_events.settings.declaration import GROUPS, SETTINGS
from otel_events.settings.destination import Destination
from otel_events.settings.endpoint import EndpointSettings
from otel_events.settings.lists import SINKS
from otel_events.settings.lookup import KEYWORDS
from otel_events.settings.resolve import resolve
from otel_events.settings.setting import SIGNALS, Setting, Variable
from otel_events.settings.shape import Settings, SpanBatchSettings, SpanLimitSettings

__all__ = [
    "GROUPS",
    "KEYWORDS",
    "SETTINGS",
    "SIGNALS",
    "SINKS",
    "Destination",
    "EndpointSettings",
    "Setting",
    "Settings",
    "SpanBatchSettings",
    "SpanLimitSettings",
    "Variable",
    "resolve",
]
