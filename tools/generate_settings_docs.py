"""Write the tables of docs/settings.md from the declaration of the settings; with --check, only tell if they are stale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from otel_events.cli.serve import command as serve
from otel_events.server.settings import DECLARED
from otel_events.settings import GROUPS, SIGNALS

if TYPE_CHECKING:
    from otel_events.settings import Setting

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
BEGIN = "<!-- tables: written by tools/generate_settings_docs.py from otel_events/settings; do not edit -->"
END = "<!-- end of tables -->"

_SERVER = "Of [`otel-events serve`](serve.md). What is wrong with any of these, variables too, ends it at once."

_SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
_TIMES = ((86_400, "d"), (3600, "h"))


def _format_number(value: float, unit: str) -> str:
    for factor, name in {"bytes": _SIZES, "seconds": _TIMES}.get(unit, ()):
        if value >= factor and value % factor == 0:
            return f"{value / factor:g} {name}"
    return f"{value:g} s" if unit == "seconds" else f"{value:g}"


def _format_default(setting: Setting) -> str:
    value = setting.default
    if setting.default_text:
        return setting.default_text
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (int, float)):
        return _format_number(value, setting.unit)
    if isinstance(value, str):
        return f"`{value}`"
    return ", ".join(f"`{item}`" for item in value) if value else "none"


def _format_keyword(setting: Setting) -> str:
    outer, _, inner = setting.name.partition(".")
    return f'`{outer}={{"{inner}": …}}`' if inner else f"`{outer}`"


def _format_row(setting: Setting, keyword: str = "") -> str:
    names = [variable.name for variable in setting.environment]
    if setting.is_per_signal:
        names = [next(setting.variables(signal)).name for signal in SIGNALS] + names
    environment = "<br>".join(f"`{name}`" for name in names) or "(code only)"
    doc = setting.doc + (f" In {setting.unit}." if setting.unit in {"bytes", "seconds"} else "")
    return f"| {keyword or _format_keyword(setting)} | {environment} | {_format_default(setting)} | {doc} |"


def render_tables() -> str:
    """Return one table for each group of settings."""
    lines: list[str] = []
    for title, settings in GROUPS.items():
        lines += ["", f"## {title}", "", "| keyword | environment | default | meaning |", "|---|---|---|---|"]
        lines += [_format_row(setting) for setting in settings]
    lines += ["", "## The server", "", _SERVER, "", "| option | environment | default | meaning |", "|---|---|---|---|"]
    options = {parameter.name: f"`{parameter.opts[0]}`" for parameter in serve.params}
    lines += [_format_row(setting, options.get(setting.name, "(variable only)")) for setting in DECLARED]
    return "\n".join([*lines, ""])


def render_page(page: str) -> str:
    """Return *page* with its tables made anew; what stands around them is written by hand."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render_tables()}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the page, or with --check return 1 if it is stale."""
    old = PAGE.read_text(encoding="utf-8")
    new = render_page(old)
    if "--check" in arguments:
        if new != old:
            print("docs/settings.md is stale: run python tools/generate_settings_docs.py")
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
