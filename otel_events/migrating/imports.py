"""Import statements: what of an old system they bring, and the statements that bring it from its drop-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node

from otel_events.migrating.systems import DROP_INS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otel_events.migrating.systems import Modules, System


@dataclass(slots=True)
class Imported:
    """One name that an import statement brings.

    Attributes:
        alias: as it is written.
        name: of it in the module that it comes from; empty if it is a module itself.
        module: full name of the old module that it comes from, or is; relative ones with their dots.
        system: whose it is.
        local: what the program calls it.
        refusal: why it stays where it is; empty if it can come from the drop-in.
        is_moved: it comes from the drop-in already.
        is_unneeded: all its uses were made native.
    """

    alias: cst.ImportAlias
    name: str
    module: str
    system: System
    local: str
    refusal: str = ""
    is_moved: bool = False
    is_unneeded: bool = False


@dataclass(slots=True)
class ImportStatement:
    """An import that brings something of an old system.

    Attributes:
        node: as it is written.
        imported: what it brings of them.
        left: names of an old module that its drop-in does not have.
        is_star: it is `from ... import *`.
        needs_native: its place needs the native API as well.
    """

    node: cst.Import | cst.ImportFrom
    imported: list[Imported] = field(default_factory=list)
    left: tuple[str, ...] = ()
    is_star: bool = False
    needs_native: bool = False


def read_import(node: cst.Import | cst.ImportFrom, modules: Modules) -> ImportStatement | None:
    """Return what *node* brings of old systems, None if it brings nothing."""
    if isinstance(node, cst.Import):
        return _statement(node, [_read_module(alias, modules) for alias in node.names])
    module = "." * len(node.relative) + (get_full_name_for_node(node.module) or "" if node.module is not None else "")
    if isinstance(node.names, cst.ImportStar):
        system = modules.system_of(module)
        if system is None or not system.exports:
            return None
        is_moved = module.startswith(DROP_INS)
        everything = Imported(cst.ImportAlias(cst.Name("all")), "*", module, system, "*", is_moved=is_moved)
        return ImportStatement(node, [everything], is_star=True)
    statement = _statement(node, [_read_name(alias, module, modules) for alias in node.names])
    if statement is not None and modules.system_of(module) is not None:
        known = {id(each.alias) for each in statement.imported}
        statement.left = tuple(alias.evaluated_name for alias in node.names if id(alias) not in known)
    return statement


def _statement(node: cst.Import | cst.ImportFrom, imported: Iterable[Imported | None]) -> ImportStatement | None:
    found = [each for each in imported if each is not None]
    for each in found:
        each.is_moved = each.module.startswith(DROP_INS)
    return ImportStatement(node, found) if found else None


def _read_module(alias: cst.ImportAlias, modules: Modules) -> Imported | None:
    module = alias.evaluated_name
    system = modules.system_of(module)
    if system is None or not system.exports:
        return None
    is_whole = alias.asname is None and "." in module
    refusal = "it is used by its full name; a shim can take its place" if is_whole else ""
    return Imported(alias, "", module, system, alias.evaluated_alias or module, refusal)


def _read_name(alias: cst.ImportAlias, module: str, modules: Modules) -> Imported | None:
    name, local = alias.evaluated_name, alias.evaluated_alias or alias.evaluated_name
    system = modules.system_of_name(module, name)
    if system is not None:
        refusal = "" if name in system.exports else f"{system.path} has no {name!r}"
        return Imported(alias, name, module, system, local, refusal)
    inner = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
    system = modules.system_of(inner)
    if system is None or not system.exports:
        return None
    return Imported(alias, "", inner, system, local)


def rewrite_import(statement: ImportStatement, native: str = "") -> list[cst.BaseSmallStatement]:
    """Return the statements that stand for *statement*, none if nothing of it is needed.

    Args:
        statement: with what each name of it needs.
        native: the statement that brings the native API, empty if it is there already.
    """
    made: list[cst.BaseSmallStatement] = []
    if statement.needs_native and native:
        made += cst.ensure_type(cst.parse_statement(native), cst.SimpleStatementLine).body
    leaving = {
        id(each.alias): each
        for each in statement.imported
        if not each.refusal and (each.is_unneeded or not each.is_moved)
    }
    node = statement.node
    if statement.is_star and isinstance(node, cst.ImportFrom) and leaving:
        return [*made, _from(node, statement.imported[0].system.path)]
    if not leaving:
        return [*made, node]
    names: Sequence[cst.ImportAlias] = [] if isinstance(node.names, cst.ImportStar) else node.names
    staying = [alias for alias in names if id(alias) not in leaving]
    if staying:
        made.append(_with_names(node, staying, is_first=True))
    needed = [each for each in leaving.values() if not each.is_unneeded]
    for path, parts in _by_system(each for each in needed if each.name).items():
        made.append(_with_names(_from(node, path), [each.alias for each in parts], is_first=not staying))
    made += [_import_module(each) for each in needed if not each.name]
    return made


def _by_system(imported: Iterable[Imported]) -> dict[str, list[Imported]]:
    found: dict[str, list[Imported]] = {}
    for each in imported:
        found.setdefault(each.system.path, []).append(each)
    return found


def _from(node: cst.Import | cst.ImportFrom, path: str) -> cst.ImportFrom:
    module = cst.ensure_type(cst.parse_expression(path), cst.Attribute)
    return cst.ensure_type(node, cst.ImportFrom).with_changes(module=module, relative=(), **_spaces(node))


def _spaces(node: cst.Import | cst.ImportFrom) -> dict[str, cst.SimpleWhitespace]:
    # `from . import x` may have none where a name now stands.
    space = cst.SimpleWhitespace(" ")
    if isinstance(node, cst.ImportFrom) and node.relative:
        return {"whitespace_after_from": space, "whitespace_before_import": space}
    return {}


def _with_names(
    node: cst.Import | cst.ImportFrom, names: Sequence[cst.ImportAlias], *, is_first: bool
) -> cst.BaseSmallStatement:
    """Return *node* with some of its names; comments beside a name go with it, those before the first stay with *is_first*."""
    if isinstance(node.names, cst.ImportStar) or len(names) == len(node.names):
        return node.with_changes(names=names)
    has_parentheses = isinstance(node, cst.ImportFrom) and node.lpar is not None
    last = names[-1] if has_parentheses and isinstance(names[-1].comma, cst.Comma) else _bare(names[-1])
    between = [each if isinstance(each.comma, cst.Comma) else each.with_changes(comma=_COMMA) for each in names[:-1]]
    changed = node.with_changes(names=[*between, last])
    if has_parentheses and not is_first:
        changed = changed.with_changes(lpar=cst.LeftParen(whitespace_after=_without_comments(node)))
    return changed


def _without_comments(node: cst.Import | cst.ImportFrom) -> cst.BaseParenthesizableWhitespace:
    space = node.lpar.whitespace_after if isinstance(node, cst.ImportFrom) and node.lpar is not None else None
    if isinstance(space, cst.ParenthesizedWhitespace):
        line = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
        return space.with_changes(first_line=line, empty_lines=())
    return cst.SimpleWhitespace("")


def _bare(alias: cst.ImportAlias) -> cst.ImportAlias:
    return alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)


def _import_module(imported: Imported) -> cst.ImportFrom:
    system = imported.system
    asname = f" as {imported.local}" if imported.local != system.drop_in else ""
    line = cst.parse_statement(f"from otel_events.compat import {system.drop_in}{asname}")
    return cst.ensure_type(cst.ensure_type(line, cst.SimpleStatementLine).body[0], cst.ImportFrom)


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
