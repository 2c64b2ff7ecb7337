"""Every setting, declared once: reading it, its tests and its documentation stand on this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.settings.declared_behaviour import CATALOGUE, LIMITS, TRACING, WATCHING
from otel_events.settings.declared_delivery import DELIVERY
from otel_events.settings.declared_export import DESTINATIONS, OTLP, SERVICE
from otel_events.settings.declared_guards import GUARDS
from otel_events.settings.declared_messages import MESSAGES

if TYPE_CHECKING:
    from otel_events.settings.setting import Setting

# The groups of the documents, in their order.
GROUPS: dict[str, tuple[Setting, ...]] = {
    "The service": SERVICE,
    "OTLP": OTLP,
    "Destinations": DESTINATIONS,
    "Redis, NATS and webhooks": MESSAGES,
    "Queue, delivery and exit": DELIVERY,
    "Limits": LIMITS,
    "Guards": GUARDS,
    "Tracing": TRACING,
    "Catalogue and checks": CATALOGUE,
    "Watched files": WATCHING,
}
SETTINGS: dict[str, Setting] = {setting.name: setting for group in GROUPS.values() for setting in group}
