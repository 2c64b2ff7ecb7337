"""Each setting with its value and where that came from, without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events.redaction.redactor import Redactor
from otel_events.settings import SETTINGS, SIGNALS
from otel_events.settings.endpoint import endpoint_kind
from otel_events.settings.lookup import Lookup

if TYPE_CHECKING:
    from otel_events.settings import Setting
    from otel_events.settings.lookup import Found

DEFAULT = "default"
_HIDDEN = "***"
_CREDENTIALS = re.compile(r"(?:(?<=//)|^)[^/\s]*@")
_QUERY = re.compile(r"\?.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourcedSetting:
    """A setting as it stands.

    Attributes:
        name: the keyword of `configure`, with its signal before it where the two signals differ.
        value: for people; secrets are hidden.
        source: the variable that gave it, or `default`.
    """

    name: str
    value: str
    source: str


def list_settings(environ: Mapping[str, str]) -> list[SourcedSetting]:
    """Return every setting as *environ* has it. What a program gives to `configure` is not known here."""
    lookup = Lookup({}, environ)
    redactor = Redactor()
    rows: list[SourcedSetting] = []
    for setting in SETTINGS.values():
        if not setting.is_per_signal:
            rows.append(_row(setting, setting.name, lookup.find(setting.name), redactor))
            continue
        found = {signal: _find(lookup, setting, signal) for signal in SIGNALS}
        if len({(repr(each.value), each.variable) for each in found.values()}) == 1:
            rows.append(_row(setting, setting.name, next(iter(found.values())), redactor))
        else:
            rows += [_row(setting, setting.keyword(signal), each, redactor) for signal, each in found.items()]
    return rows


def _find(lookup: Lookup, setting: Setting, signal: str) -> Found:
    if setting.name != "endpoint":
        return lookup.find(setting.name, signal=signal)
    protocol = lookup.find("protocol", signal=signal).value
    return lookup.find("endpoint", signal=signal, kind=endpoint_kind(protocol))


def _row(setting: Setting, name: str, found: Found, redactor: Redactor) -> SourcedSetting:
    value = found.value
    if not found.is_given and setting.default_text:
        return SourcedSetting(name, setting.default_text.replace("`", ""), DEFAULT)
    return SourcedSetting(name, _text(setting, value, redactor), found.variable or DEFAULT)


def _text(setting: Setting, value: Any, redactor: Redactor) -> str:
    if isinstance(value, Mapping):
        if setting.kind.secret:
            return ", ".join(f"{key}={_HIDDEN}" for key in value)
        return redactor.text(", ".join(f"{key}={item!s}" for key, item in redactor.attributes(value).items()))
    if isinstance(value, str):
        # A key may stand in the query, where backends want one.
        text = (
            _CREDENTIALS.sub(f"{_HIDDEN}@", _QUERY.sub(f"?{_HIDDEN}", value)) if setting.name == "endpoint" else value
        )
        return redactor.text(text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return redactor.text(", ".join(map(str, value)))
    return "" if value is None else redactor.text(str(value))
