"""YAML as OpenTelemetry Weaver reads it, with the lines where things stand."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType


class LocatedMapping(dict[str, Any]):
    """A mapping of a YAML file that knows its line, those of its keys, and which of them stand there twice."""

    line: int = 0
    lines: Mapping[str, int] = MappingProxyType({})
    doubled: tuple[str, ...] = ()


def read_yaml(path: Path) -> tuple[Any, str | None]:
    """Return what *path* holds, and the reason if it cannot be read; never raise because of the file."""
    import_yaml()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, f"{path}: cannot be read: {error}"
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path | str) -> tuple[Any, str | None]:
    """Return what *text*, which is out of the file at *path*, holds, and the reason if it cannot be read."""
    yaml = import_yaml()
    try:
        return yaml.load(text, Loader=_loader(yaml)), None  # a subclass of the safe loader
    except yaml.YAMLError as error:
        return None, _told(path, error)
    except RecursionError:
        return None, f"{path}: is nested too deeply"


def import_yaml() -> ModuleType:
    """Return PyYAML, or raise ConfigurationError saying how to get it."""
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            "registry folders cannot be read or written",
            ["PyYAML is not installed: install otel-events[catalog]"],
        ) from None
    return yaml


def _told(path: Path | str, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{path}:{mark.line + 1}: {problem}" if mark is not None else f"{path}: {problem}"


def _loader(yaml: ModuleType) -> type[Any]:
    """Return a safe loader by YAML 1.2's rules, where `no` and `2026-02-14` are strings, as Weaver has them."""
    base: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]  # which base it is, is known at run time alone
        yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own shape
            first: [
                (tag, regexp)
                for tag, regexp in resolvers
                if tag != "tag:yaml.org,2002:timestamp"
                and not (tag == "tag:yaml.org,2002:bool" and first not in "tTfF")
            ]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

        def construct_located(self, node: Any) -> Any:
            mapping = LocatedMapping()
            yield mapping  # first empty, for aliases that point back here
            self.flatten_mapping(node)
            keys = [str(self.construct_object(key, deep=True)) for key, _ in node.value]
            mapping.update(zip(keys, (self.construct_object(value) for _, value in node.value), strict=True))
            mapping.line = node.start_mark.line + 1
            places = (key.start_mark.line + 1 for key, _ in node.value)
            mapping.lines = dict(zip(keys, places, strict=True))
            mapping.doubled = tuple({key for key in keys if keys.count(key) > 1})

    Loader.add_constructor("tag:yaml.org,2002:map", Loader.construct_located)
    return Loader
