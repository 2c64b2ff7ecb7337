"""Uses of what an import brings: its calls, calls of objects that it makes, and what is handed on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otel_events.migrating.imports import Imported, ImportStatement


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One use of an old system's name.

    Attributes:
        statement: the import that brings it.
        imported: the name of that import.
        node: where it stands.
        name: of the function, class or method.
        call: if it is called.
        is_statement: nobody looks at what the call returns.
        is_ambiguous: the name is bound elsewhere, too.
        is_of_object: it is a method of an object that the system made.
    """

    statement: ImportStatement
    imported: Imported
    node: cst.CSTNode
    name: str
    call: cst.Call | None
    is_statement: bool = False
    is_ambiguous: bool = False
    is_of_object: bool = False


def find_uses(statement: ImportStatement, known: Mapping[Any, Any]) -> Iterator[Use]:
    """Yield the uses of what *statement* brings; marks names that the drop-in does not have."""
    scope = known[metadata.ScopeProvider].get(statement.node)
    if scope is None or statement.is_star:
        return
    finder = _Finder(statement, known)
    for imported in statement.imported:
        assignments = scope[imported.local]
        for assignment in assignments:
            if getattr(assignment, "node", None) is statement.node:
                yield from finder.uses(imported, assignment, is_ambiguous=len(assignments) > 1)


class _Finder:
    """Finds uses in one file."""

    def __init__(self, statement: ImportStatement, known: Mapping[Any, Any]) -> None:
        self._statement = statement
        self._scopes = known[metadata.ScopeProvider]
        self._parents = known[metadata.ParentNodeProvider]

    def uses(self, imported: Imported, assignment: Any, *, is_ambiguous: bool) -> Iterator[Use]:
        for node in {access.node for access in assignment.references}:
            whole: Any = node
            name = imported.name
            if not name:
                whole = self._parents.get(whole)
                if not isinstance(whole, cst.Attribute):
                    continue  # the module itself is handed on: that goes on as before
                name = whole.attr.value
                if name not in imported.system.exports:
                    imported.refusal = imported.refusal or f"{imported.system.path} has no {name!r}"
            call = self._call_of(whole)
            yield self._use(imported, whole, name, call, is_ambiguous=is_ambiguous)
            if call is not None and name in imported.system.makers:
                yield from self._uses_of_object(imported, call, is_ambiguous=is_ambiguous)

    def _use(self, imported: Imported, node: cst.CSTNode, name: str, call: cst.Call | None, **more: bool) -> Use:
        is_statement = call is not None and isinstance(self._parents.get(call), cst.Expr)
        return Use(self._statement, imported, node, name, call, is_statement=is_statement, **more)

    def _uses_of_object(self, imported: Imported, call: cst.Call, *, is_ambiguous: bool) -> Iterator[Use]:
        """Yield calls of the methods of what *call* makes, if it is given a name, or an attribute of `self`."""
        parent = self._parents.get(call)
        if isinstance(parent, cst.Attribute):  # get_broadcaster().emit(...)
            yield from self._method(imported, parent, is_ambiguous=is_ambiguous)
        target = self._target(parent)
        if isinstance(target, cst.Name):
            scope = self._scopes.get(target)
            assignments = scope[target.value] if scope is not None else ()
            accesses = {access.node for one in assignments for access in one.references}
            for node in accesses:
                yield from self._method(
                    imported, self._parents.get(node), is_ambiguous=is_ambiguous or len(assignments) > 1
                )
        elif isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name):
            yield from self._uses_of_attribute(imported, target, is_ambiguous=is_ambiguous)

    def _uses_of_attribute(self, imported: Imported, target: cst.Attribute, *, is_ambiguous: bool) -> Iterator[Use]:
        owner: Any = target
        while owner is not None and not isinstance(owner, cst.ClassDef):
            owner = self._parents.get(owner)
        if owner is None:
            return
        seen = _Attributes(cst.ensure_type(target.value, cst.Name).value, target.attr.value)
        owner.visit(seen)
        stores = [each for each in seen.found if self._target(self._parents.get(each)) is each or self._is_stored(each)]
        for node in seen.found:
            parent = self._parents.get(node)
            yield from self._method(imported, parent, is_ambiguous=is_ambiguous or len(stores) > 1)

    def _method(self, imported: Imported, attribute: Any, *, is_ambiguous: bool) -> Iterator[Use]:
        if not isinstance(attribute, cst.Attribute) or attribute.attr.value not in imported.system.methods:
            return
        call = self._call_of(attribute)
        if call is not None:
            yield self._use(
                imported, attribute, attribute.attr.value, call, is_ambiguous=is_ambiguous, is_of_object=True
            )

    def _call_of(self, node: cst.CSTNode) -> cst.Call | None:
        parent = self._parents.get(node)
        return parent if isinstance(parent, cst.Call) and parent.func is node else None

    def _is_stored(self, node: cst.CSTNode) -> bool:
        return isinstance(self._parents.get(node), cst.AssignTarget | cst.AnnAssign)

    @staticmethod
    def _target(parent: Any) -> Any:
        if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
            return parent.targets[0].target
        return parent.target if isinstance(parent, cst.AnnAssign) else None


class _Attributes(cst.CSTVisitor):
    """Collects `self.name` in a class."""

    def __init__(self, owner: str, name: str) -> None:
        super().__init__()
        self._owner = owner
        self._name = name
        self.found: list[cst.Attribute] = []

    def visit_Attribute(self, node: cst.Attribute) -> None:  # noqa: N802  # libcst's name
        if node.attr.value == self._name and isinstance(node.value, cst.Name) and node.value.value == self._owner:
            self.found.append(node)
