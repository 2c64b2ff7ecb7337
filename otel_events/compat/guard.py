"""The guard of what drop-ins write beside their events: it takes out the secrets that events lose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

# `entry_points` is what settings need at their first use: a signal handler that finds it half imported would lose its call.
from otel_events import entry_points, process  # noqa: F401
from otel_events.accounting import Accounts
from otel_events.guards import build_redactor
from otel_events.notices import Notices

if TYPE_CHECKING:
    from otel_events.settings import Settings

# That of the settings that held last. What it takes out is counted with the event, not with what is written beside it.
_guard: tuple[Settings, Any] | None = None


def current_guard() -> Any:
    """Return the redactor of the settings that hold now; None if they want none."""
    global _guard
    settings = process.current().ready_settings()
    if _guard is None or _guard[0] is not settings:
        _guard = (settings, build_redactor(settings, Accounts(), Notices(quiet_seconds=math.inf)))
    return _guard[1]
