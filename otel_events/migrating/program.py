"""One Python file: where it uses old systems, and what it reads when that is changed."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst import metadata

from otel_events.errors import OtelEventsError
from otel_events.migrating.arguments import RefusalError, has_comment
from otel_events.migrating.collector import Collector
from otel_events.migrating.imports import rewrite_import
from otel_events.migrating.rewriter import Rewriter, native_call, native_node
from otel_events.migrating.site import Site
from otel_events.migrating.uses import find_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.migrating.imports import Imported, ImportStatement
    from otel_events.migrating.site import SiteKind
    from otel_events.migrating.systems import Modules
    from otel_events.migrating.uses import Use

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
        self._collected = Collector(modules)
        self._wrapper.module.visit(self._collected)
        # What is known of each node takes several times as long as all else: most files only have a word in common.
        self._known: dict[Any, Any] = {}
        if not self._collected.is_empty:
            self._known.update(self._wrapper.resolve_many(_PROVIDERS))
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
        """Return the file with its imports changed, and with *is_native* the calls as well that can be.

        Raises:
            UnparsableError: that would be no Python.
        """
        self._mark_needs(is_native=is_native)
        calls = {use.call: use for use in self._native if use.call is not None} if is_native else {}
        lines: dict[cst.CSTNode, list[cst.BaseSmallStatement]] = {}
        is_there = self._prefix.is_imported
        for statement in self._collected.statements:
            if self._is_alone(statement):
                is_on_top = self._is_on_top(statement.node)
                native = "" if is_there and is_on_top else self._prefix.statement
                lines[statement.node] = self._lines(statement, native)
                is_there = is_there or (is_on_top and statement.needs_native)
        if not calls and not lines:
            return self._source
        after = self._wrapper.module.visit(Rewriter(calls, lines, self._prefix.name)).bytes
        if _is_python(self._source) and not _is_python(after):
            raise UnparsableError("it would be no Python any more")
        return after

    def _lines(self, statement: ImportStatement, native: str) -> list[cst.BaseSmallStatement]:
        made = rewrite_import(statement, native)
        line = cst.ensure_type(self._known[metadata.ParentNodeProvider][statement.node], cst.SimpleStatementLine)
        if made or not any(map(has_comment, (*line.leading_lines, line.trailing_whitespace))):
            return made
        return rewrite_import(statement, self._prefix.statement)  # something must carry the comment

    def _try_native(self, use: Use) -> None:
        if use.call is None:
            self._reasons[use] = "it is handed on, not called"
        elif use.is_ambiguous:
            self._reasons[use] = "the name may mean something else as well"
        elif self._is_inside_text(use.call):
            self._reasons[use] = "it stands inside a text, where other quotes might end that"
        elif not self._is_alone(use.statement):
            self._reasons[use] = "its import shares a line with others"
        elif use.imported.refusal:
            self._reasons[use] = use.imported.refusal
        else:
            try:
                native_call(use, use.call)
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

    def _is_inside_text(self, node: cst.CSTNode) -> bool:
        parents = self._known[metadata.ParentNodeProvider]
        above = parents.get(node)
        while above is not None and not isinstance(above, cst.BaseStatement | cst.FormattedStringExpression):
            above = parents.get(above)
        return isinstance(above, cst.FormattedStringExpression)

    def _is_on_top(self, node: cst.CSTNode) -> bool:
        """Tell whether *node* is a statement that the file always executes, before all that follows."""
        parents = self._known[metadata.ParentNodeProvider]
        return isinstance(parents.get(parents.get(node)), cst.Module)

    def _native_prefix(self) -> _Prefix:
        scopes = {scope for scope in self._known.get(metadata.ScopeProvider, {}).values() if scope is not None}
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
            native = self._code(native_node(use, use.call, self._prefix.name))
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


def _is_python(source: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_ours(assignment: Any) -> bool:
    node = getattr(assignment, "node", None)
    if not isinstance(node, cst.Import):
        return False
    return any(each.evaluated_name == "otel_events" and each.evaluated_alias == "ev" for each in node.names)
