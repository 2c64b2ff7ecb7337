"""Write the tables of docs/api.md from the declaration of the API; with --check, only tell if they are stale."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from otel_events.server.api.operations import OPERATIONS
from otel_events.server.api.schemas import SHARED

if TYPE_CHECKING:
    from otel_events.server.api.operation import Operation
    from otel_events.server.api.parameters import Parameter

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
BEGIN = "<!-- tables: written by tools/generate_api_docs.py from otel_events/server/api; do not edit -->"
END = "<!-- end of tables -->"


def render_tables() -> str:
    """Return a section for each operation, and the shapes that they share."""
    lines: list[str] = []
    for operation in OPERATIONS:
        lines += _operation(operation)
    lines += ["", "## Shapes", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {_show(schema)} |" for name, schema in SHARED.items() if name != "Error"]
    return "\n".join([*lines, ""])


def _operation(operation: Operation) -> list[str]:
    lines = ["", f"### {operation.method} {operation.path}", "", operation.summary, ""]
    if operation.parameters:
        lines += ["| parameter | value | default | |", "|---|---|---|---|"]
        lines += [_parameter(each) for each in operation.parameters]
        lines.append("")
    lines.append(
        f"Answers {_show(operation.shape) if operation.shape else ' or '.join(f'`{each}`' for each in operation.media_types)}."
    )
    return lines


def _parameter(parameter: Parameter) -> str:
    schema = parameter.kind.schema
    if "enum" in schema:
        value = ", ".join(f"`{each}`" for each in schema["enum"])
    elif schema["type"] == "integer":
        value = f"{schema['minimum']:,} to {schema['maximum']:,}" if schema["maximum"] < 2**53 - 1 else "a number"
    else:
        value = "text"
    default = (
        f"`{parameter.default}`" if parameter.default is not None else "**required**" if parameter.is_required else ""
    )
    return f"| `{parameter.name}` | {value} | {default} | {parameter.doc} |"


def _show(schema: dict[str, Any]) -> str:
    """Return the shape in short: names, lists in brackets, `?` behind what may be null or missing."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return f"{_show(schema['anyOf'][0])}?"
    if schema.get("type") == "array":
        return f"[{_show(schema['items'])}]"
    if "properties" in schema:
        needed = schema.get("required", schema["properties"])
        inner = ", ".join(_property(key, value, key in needed) for key, value in schema["properties"].items())
        return f"{{{inner}}}"
    return ""


def _property(key: str, schema: dict[str, Any], is_there: bool) -> str:
    shown = _show(schema)
    if not is_there and not shown.endswith("?"):
        shown += "?"
    return f"`{key}`{shown}" if shown in {"", "?"} else f"`{key}`: {shown}"


def render_page(page: str) -> str:
    """Return *page* with its tables made anew; what stands around them is written by hand."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render_tables()}\n{END}{after}"


def main() -> int:
    """Write the page, or say that it is stale."""
    page = PAGE.read_text(encoding="utf-8")
    made = render_page(page)
    if "--check" in sys.argv[1:]:
        if made != page:
            print(f"{PAGE.name} is stale: run tools/generate_api_docs.py", file=sys.stderr)
        return int(made != page)
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
