"""New calls and import statements, put in the place of old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from otel_events.migrating.native import to_native

if TYPE_CHECKING:
    from otel_events.migrating.native import NativeCall
    from otel_events.migrating.uses import Use


class Rewriter(cst.CSTTransformer):
    """Changes one file.

    Args:
        calls: what is to become native.
        imports: the statements that are to stand for the one that a line has.
        prefix: how the program calls `otel_events`.
    """

    def __init__(
        self,
        calls: dict[cst.Call, Use],
        imports: dict[cst.CSTNode, list[cst.BaseSmallStatement]],
        prefix: str,
    ) -> None:
        super().__init__()
        self._calls = calls
        self._imports = imports
        self._prefix = prefix

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        use = self._calls.get(original_node)
        return updated_node if use is None else native_node(use, updated_node, self._prefix)

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        made = self._imports.get(original_node.body[0]) if len(original_node.body) == 1 else None
        if made is None:
            return updated_node
        if not made:
            return cst.RemoveFromParent()
        first, *others = made
        lines = [cst.SimpleStatementLine(body=[each]) for each in others]
        if not lines:
            return updated_node.with_changes(body=[first])
        end = updated_node.trailing_whitespace
        plain = cst.TrailingWhitespace()
        head = updated_node.with_changes(body=[first], trailing_whitespace=plain)
        return cst.FlattenSentinel([head, *lines[:-1], lines[-1].with_changes(trailing_whitespace=end)])


def native_call(use: Use, call: cst.Call) -> NativeCall:
    """Return what *call*, a *use* of an old system, becomes; or raise RefusalError."""
    return to_native(use.imported.system.letter, use.name, call, is_statement=use.is_statement)


def native_node(use: Use, call: cst.Call, prefix: str) -> cst.Call:
    """Return the call that stands for *call*, with a program's *prefix*; or raise RefusalError."""
    native = native_call(use, call)
    return call.with_changes(func=cst.Attribute(cst.Name(prefix), cst.Name(native.function)), args=native.arguments)
