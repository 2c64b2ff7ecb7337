"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.settings import Settings

Level: TypeAlias = Literal["ok", "note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: what it belongs to.
        level: `ok`; `note`: worth knowing; `warning`: works, but not as it should; `error`: does not work.
        text: what is.
        advice: what to do about it; empty if nothing has to be done.
    """

    topic: str
    level: Level
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is looked at.

    Attributes:
        settings: what follows from *environ*.
        warnings: what the settings say of wrong variables.
        environ: the environment.
        timeout: seconds that one look at the network may take.
    """

    settings: Settings
    warnings: tuple[str, ...]
    environ: Mapping[str, str]
    timeout: float
