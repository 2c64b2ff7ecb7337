"""What is declared of a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.settings.kinds import Kind

SIGNALS = ("logs", "traces")


class Variable(NamedTuple):
    """An environment variable; *kind* only where it is read otherwise than the setting's own."""

    name: str
    kind: Kind | None = None


class Setting(NamedTuple):
    """One setting.

    Attributes:
        name: the keyword of `configure`; `a.b` is the key `b` of the mapping that the keyword `a` takes.
        kind: what its value may be.
        default: its value where nothing is set.
        doc: what it does, in a sentence.
        environment: the variables that set it; the first that is set and usable counts.
        unit: the unit of its value, for documents.
        default_text: what documents call the default, where its value does not say it.
        is_per_signal: it belongs to an OTLP endpoint, so it has a form for each signal: the variable with `LOGS_` or
            `TRACES_`, and the keyword inside `logs={...}` or `traces={...}`.
        is_merged: a mapping in which keywords are laid over the environment's pairs, instead of replacing them.
    """

    name: str
    kind: Kind
    default: Any
    doc: str
    environment: tuple[Variable, ...] = ()
    unit: str = ""
    default_text: str = ""
    is_per_signal: bool = False
    is_merged: bool = False

    def keyword(self, signal: str = "") -> str:
        """Return the name of the keyword, or of its form for *signal*."""
        return f"{signal}.{self.name}" if signal else self.name

    def variables(self, signal: str = "") -> Iterator[Variable]:
        """Yield the variables in the order in which they count, those for *signal* first."""
        if signal:
            for variable in self.environment:
                yield Variable(variable.name.replace("OTLP_", f"OTLP_{signal.upper()}_", 1), variable.kind)
        yield from self.environment


def variables(*names: str, kind: Kind | None = None) -> tuple[Variable, ...]:
    """Return the variables of these names, in the order in which they count."""
    return tuple(Variable(name, kind) for name in names)
