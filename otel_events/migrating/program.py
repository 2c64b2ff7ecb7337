"""One Python file: where it uses old systems, and what it reads when that is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst import metadata

from otel_events.errors import OtelEventsError
from otel_events.migrating.arguments import RefusalError, has_comment
from otel_events.migrating.imports import read_import, rewrite_import
from otel_events.migrating.native import to_native
from otel_events.migrating.site import Site
from otel_events.migrating.systems import SYSTEMS
from otel_events.migrating.uses import Use, find_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.migrating.imports import Imported, ImportStatement
    from otel_events.migrating.native import NativeCall
    from otel_events.migrating.site import SiteKind
    from otel_events.migrating.systems import Modules

_PROVIDERS = (metadata.PositionProvider, metadata.ScopeProvider, metadata.ParentNodeProvider)


class UnparsableError(OtelEventsError):
    """A file is no Python that can be read; the message says where."""


class Program:
    """One parsed file.

    Args:
        source: its bytes.
        modules: which modules are old systems.

    Raises:
        UnparsableError: it cannot be parsed, or would not come back as it is.
    """

    def __init__(self, source: bytes, modules: Modules) -> None:
        self._source = source
        try:
            module = cst.parse_module(source)
            is_same = module.bytes == source
        except cst.ParserSyntaxError as error:
            raise UnparsableError(f"line {error.raw_line}: it is no Python that can be parsed") from error
        except Exception as error:  # whatever a file does to the parser, the next one is read
            raise UnparsableError(str(error) or type(error).__name__) from error
        if not is_same:
            raise UnparsableError("it would not come back as it is written")
        self._text = module.code
        self._wrapper = metadata.MetadataWrapper(module, unsafe_skip_copy=True)
        self._known: dict[Any, Any] = dict(self._wrapper.resolve_many(_PROVIDERS))
        self._collected = _Collector(modules)
        self._wrapper.module.visit(self._collected)
        self._uses = [use for each in self._collected.statements for use in find_uses(each, self._known)]
        self._native: set[Use] = set()
        self._reasons: dict[Use, str] = {}
        for use in self._uses:
            self._try_native(use)
        self._prefix = self._native_prefix()

    @property
    def sites(self) -> list[Site]:
        """Return all uses of old systems, in the order of the file."""
        uses = [use for use in self._uses if use.call is not None or use.name.islower()]  # no classes, no settings
        found = [*self._import_sites(), *map(self._use_site, uses)]
        return sorted(found, key=lambda site: (site.line, site.column))

    def rewritten(self, *, is_native: bool) -> bytes:
        """Return the file with its imports changed, and with *is_native* the calls as well that can be."""
        self._mark_needs(is_native=is_native)
        calls = {use.call: use for use in self._native if use.call is not None} if is_native else {}
        lines: dict[cst.CSTNode, list[cst.BaseSmallStatement]] = {}
        is_there = self._prefix.is_imported
        for statement in self._collected.statements:
            if self._is_alone(statement):
                is_on_top = self._is_on_top(statement.node)
                native = "" if is_there and is_on_top else self._prefix.statement
                lines[statement.node] = rewrite_import(statement, native)
                is_there = is_there or (is_on_top and statement.needs_native)
        if not calls and not lines:
            return self._source
        return self._wrapper.module.visit(_Rewriter(calls, lines, self._prefix.name)).bytes

    def _try_native(self, use: Use) -> None:
        if use.call is None:
            self._reasons[use] = "it is handed on, not called"
        elif use.is_ambiguous:
            self._reasons[use] = "the name may mean something else as well"
        elif not self._is_alone(use.statement):
            self._reasons[use] = "its import shares a line with others"
        elif use.imported.refusal:
            self._reasons[use] = use.imported.refusal
        else:
            try:
                _to_native(use, use.call)
                self._native.add(use)
            except RefusalError as error:
                self._reasons[use] = str(error)

    def _mark_needs(self, *, is_native: bool) -> None:
        for statement in self._collected.statements:
            converted = [use for use in self._native if use.statement is statement] if is_native else []
            statement.needs_native = bool(converted)
            for imported in statement.imported:
                all_uses = [use for use in self._uses if use.imported is imported and not use.is_of_object]
                is_exported = any(f"{quote}{imported.local}{quote}" in self._text for quote in "'\"")
                imported.is_unneeded = (
                    is_native and bool(all_uses) and not is_exported and all(use in self._native for use in all_uses)
                )

    def _is_alone(self, statement: ImportStatement) -> bool:
        line = self._known[metadata.ParentNodeProvider].get(statement.node)
        return isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1

    def _is_on_top(self, node: cst.CSTNode) -> bool:
        """Tell whether *node* is a statement that the file always executes, before all that follows."""
        parents = self._known[metadata.ParentNodeProvider]
        return isinstance(parents.get(parents.get(node)), cst.Module)

    def _native_prefix(self) -> _Prefix:
        scopes = {scope for scope in self._known[metadata.ScopeProvider].values() if scope is not None}
        assignments = [one for scope in scopes for one in scope.assignments if one.name == "ev"]
        ours = [one for one in assignments if _is_ours(one)]
        if len(ours) < len(assignments):
            return _Prefix("otel_events", "import otel_events", is_imported=False)
        is_imported = any(self._is_on_top(one.node) for one in ours if isinstance(one, metadata.Assignment))
        return _Prefix("ev", "import otel_events as ev", is_imported=is_imported)

    # -- sites ------------------------------------------------------------------------------------------------------------

    def _import_sites(self) -> Iterator[Site]:
        self._mark_needs(is_native=False)
        for statement in self._collected.statements:
            is_alone = self._is_alone(statement)
            made = "; ".join(map(self._code, rewrite_import(statement))) if is_alone else ""
            refusals = [each.refusal for each in statement.imported if each.refusal]
            refusals += [f"its drop-in has no {name!r}" for name in statement.left]
            note = "; ".join(dict.fromkeys(refusals)) if is_alone else "other statements stand on its line"
            if statement.is_star and is_alone:
                note = "calls that it brings are not followed"
            yield self._site(statement.node, statement.imported[0], "import", drop_in=made, note=note)
        for node, letter in self._collected.definitions:
            note = "the old system itself: `otel-events migrate shim` puts the drop-in in its place"
            yield self._plain_site(node, letter, "definition", f"def {node.name.value}", note)
        for text, letter in self._collected.topics:
            note = "`otel-events relay --from nats` brings in what is published there"
            yield self._plain_site(text, letter, "topic", text.value, note)
        for text, letter in self._collected.texts:
            yield self._plain_site(
                text, letter, "text", text.value, "a text that names the old module: change it by hand"
            )

    def _use_site(self, use: Use) -> Site:
        native = ""
        if use in self._native and use.call is not None:
            native = self._code(_native_node(use, use.call, self._prefix.name))
        kind: SiteKind = "call" if use.call is not None else "reference"
        node = use.call or use.node
        kept = "" if use.imported.refusal else self._code(node)
        note = self._reasons.get(use, "")
        return self._site(node, use.imported, kind, drop_in=kept, native=native, note=note)

    def _site(self, node: cst.CSTNode, imported: Imported, kind: SiteKind, **more: str) -> Site:
        start = self._known[metadata.PositionProvider][node].start
        return Site(
            start.line,
            start.column + 1,
            imported.system.letter,
            kind,
            self._code(node),
            is_moved=imported.is_moved,
            **more,
        )

    def _plain_site(self, node: cst.CSTNode, letter: str, kind: SiteKind, code: str, note: str) -> Site:
        start = self._known[metadata.PositionProvider][node].start
        return Site(start.line, start.column + 1, letter, kind, code, note=note)

    def _code(self, node: cst.CSTNode) -> str:
        return self._wrapper.module.code_for_node(node)


class _Prefix:
    """How a program calls `otel_events`."""

    def __init__(self, name: str, statement: str, *, is_imported: bool) -> None:
        self.name = name
        self.statement = statement
        self.is_imported = is_imported


def _is_ours(assignment: Any) -> bool:
    node = getattr(assignment, "node", None)
    if not isinstance(node, cst.Import):
        return False
    return any(each.evaluated_name == "otel_events" and each.evaluated_alias == "ev" for each in node.names)


class _Collector(cst.CSTVisitor):
    """Collects what tells of old systems by itself: imports, definitions, texts."""

    def __init__(self, modules: Modules) -> None:
        super().__init__()
        self._modules = modules
        self.statements: list[ImportStatement] = []
        self.definitions: list[tuple[cst.FunctionDef | cst.ClassDef, str]] = []
        self.topics: list[tuple[cst.SimpleString, str]] = []
        self.texts: list[tuple[cst.SimpleString, str]] = []

    def visit_Import(self, node: cst.Import) -> None:  # noqa: N802  # libcst's name
        self._add(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802
        self._add(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self._define(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self._define(node)

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


class _Rewriter(cst.CSTTransformer):
    """Puts new calls and import statements in the place of old ones."""

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
        return updated_node if use is None else _native_node(use, updated_node, self._prefix)

    def leave_SimpleStatementLine(  # noqa: N802
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> Any:
        made = self._imports.get(original_node.body[0]) if len(original_node.body) == 1 else None
        if made is None:
            return updated_node
        if not made:
            has_words = any(map(has_comment, (*original_node.leading_lines, original_node.trailing_whitespace)))
            return updated_node if has_words else cst.RemoveFromParent()
        first, *others = made
        lines = [cst.SimpleStatementLine(body=[each]) for each in others]
        if not lines:
            return updated_node.with_changes(body=[first])
        end = updated_node.trailing_whitespace
        plain = cst.TrailingWhitespace()
        head = updated_node.with_changes(body=[first], trailing_whitespace=plain)
        return cst.FlattenSentinel([head, *lines[:-1], lines[-1].with_changes(trailing_whitespace=end)])


def _to_native(use: Use, call: cst.Call) -> NativeCall:
    return to_native(use.imported.system.letter, use.name, call, is_statement=use.is_statement)


def _native_node(use: Use, call: cst.Call, prefix: str) -> cst.Call:
    native = _to_native(use, call)
    return call.with_changes(func=cst.Attribute(cst.Name(prefix), cst.Name(native.function)), args=native.arguments)
