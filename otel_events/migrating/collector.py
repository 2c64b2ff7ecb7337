"""What tells of old systems by itself: imports, definitions, texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from otel_events.migrating.imports import read_import
from otel_events.migrating.systems import SYSTEMS

if TYPE_CHECKING:
    from otel_events.migrating.imports import ImportStatement
    from otel_events.migrating.systems import Modules


# Functions that import the module whose name they are given.
_IMPORTING = frozenset({"__import__", "import_module", "importorskip", "run_module"})


class Collector(cst.CSTVisitor):
    """Collects these in one file.

    Attributes:
        statements: imports that bring something of an old system.
        definitions: of an old system itself, the first of each, with its letter.
        topics: texts that are one's topic, with its letter.
        texts: texts that name something of one, with its letter.
    """

    def __init__(self, modules: Modules) -> None:
        super().__init__()
        self._modules = modules
        self.statements: list[ImportStatement] = []
        self.definitions: list[tuple[cst.FunctionDef | cst.ClassDef, str]] = []
        self.topics: list[tuple[cst.SimpleString, str]] = []
        self.texts: list[tuple[cst.SimpleString, str]] = []

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was found."""
        return not (self.statements or self.definitions or self.topics or self.texts)

    def visit_Import(self, node: cst.Import) -> None:  # noqa: N802  # libcst's name
        self._add(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802
        self._add(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self._define(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self._define(node)

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802
        function = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        if not (isinstance(function, cst.Name) and function.value in _IMPORTING and node.args):
            return
        named = node.args[0].value
        text = named.evaluated_value if isinstance(named, cst.SimpleString) else None
        if not isinstance(named, cst.SimpleString) or not isinstance(text, str) or text.startswith("otel_events"):
            return
        system = self._modules.system_of(text)
        if system is not None and text not in self._modules.named:  # those are found as any text is
            self.texts.append((named, system.letter))

    def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802
        if "\\" in node.value:  # what it is costs more than it can tell
            return
        text = node.evaluated_value
        if not isinstance(text, str) or text.startswith("otel_events"):
            return
        topic = next((system for system in SYSTEMS if text in system.topics), None)
        if topic is not None:
            self.topics.append((node, topic.letter))
            return
        module, _, name = text.rpartition(".")
        system = self._modules.system_of_name(module, name) if module.replace(".", "").isidentifier() else None
        if system is None and text in self._modules.named:
            system = self._modules.named[text]
        if system is not None:
            self.texts.append((node, system.letter))

    def _add(self, node: cst.Import | cst.ImportFrom) -> None:
        statement = read_import(node, self._modules)
        if statement is not None:
            self.statements.append(statement)

    def _define(self, node: cst.FunctionDef | cst.ClassDef) -> None:
        system = next((system for system in SYSTEMS if node.name.value in system.telling), None)
        if system is not None and system.letter not in {letter for _, letter in self.definitions}:
            self.definitions.append((node, system.letter))
