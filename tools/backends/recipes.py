"""What is built, at which exact version, and how."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .steps import BuildError

if TYPE_CHECKING:
    from .steps import Steps

REPOSITORY = Path(__file__).resolve().parents[2]
MANIFEST = REPOSITORY / "collector-config" / "builder.yaml"

# Raise when the steps below change what comes out: everything is then built again.
_RECIPE_VERSION = 1
# -s -w leaves the symbol tables out (a third of the size); -trimpath keeps this machine's paths out.
_BUILD_FLAGS = ("-mod=mod", "-trimpath", "-ldflags=-s -w")


class Recipe(Protocol):
    """How one backend comes to be."""

    @property
    def name(self) -> str:
        """The name of the executable."""

    def stamp(self) -> dict[str, Any]:
        """Return all that the outcome depends on: a built backend with an equal stamp is current."""

    def build(self, go: Path, folder: Path, steps: Steps) -> Path:
        """Build in the empty *folder* and return the executable."""


@dataclass(frozen=True, slots=True)
class CollectorRecipe:
    """The Collector, put together from a manifest by the OpenTelemetry Collector Builder."""

    name: str
    version: str
    manifest: Path

    def stamp(self) -> dict[str, Any]:
        """Return the builder's version and the manifest's hash."""
        digest = hashlib.sha256("\n".join(self._modules()).encode()).hexdigest()
        return {"recipe": _RECIPE_VERSION, "version": self.version, "manifest": digest}

    def build(self, go: Path, folder: Path, steps: Steps) -> Path:
        """Generate the sources with the builder, then compile them; see docs/collector.md for the detour."""
        builder = f"go.opentelemetry.io/collector/cmd/builder@v{self.version}"
        steps.run(f"1/3 getting the Collector Builder {self.version}", [go, "install", builder], folder)
        tool = next((folder / "bin").glob("builder*"))
        generate: list[str | Path] = [tool, "--config", self.manifest, "--skip-get-modules", "--skip-compilation"]
        steps.run("2/3 generating the Collector's sources", generate, folder)
        sources = folder / "collector"
        # The builder would now run `go mod tidy`, which also resolves the tests of every dependency; naming the
        # modules of the manifest and letting `go build -mod=mod` find the rest asks for much less.
        required = [*self._modules(), f"go.opentelemetry.io/collector/otelcol v{self.version}"]
        (sources / "go.mod").unlink(missing_ok=True)
        steps.read([go, "mod", "init", "collector"], sources)
        steps.read([go, "mod", "edit", *(f"-require={one.replace(' ', '@')}" for one in required)], sources)
        return _compile("3/3 compiling", go, ".", sources, steps)

    def _modules(self) -> list[str]:
        """Return the manifest's modules as "path version"; the file is ours, so its lines are regular."""
        found = re.findall(r"^\s*- gomod: (\S+ v\S+)\s*$", self.manifest.read_text(encoding="utf-8"), re.MULTILINE)
        if not found:
            raise BuildError(f"{self.manifest} names no modules")
        return list(found)


@dataclass(frozen=True, slots=True)
class ProgramRecipe:
    """A Go program, built through a wrapper module: where its own has `replace` lines, `go install` refuses it."""

    name: str
    module: str
    version: str
    package: str

    def stamp(self) -> dict[str, Any]:
        """Return the exact version."""
        return {"recipe": _RECIPE_VERSION, "module": self.module, "version": self.version, "package": self.package}

    def build(self, go: Path, folder: Path, steps: Steps) -> Path:
        """Copy the module's requirements into a wrapper module, then compile the program from there."""
        steps.say(f"1/2 getting {self.module} {self.version}")
        told = json.loads(steps.read([go, "mod", "download", "-json", f"{self.module}@{self.version}"], folder))
        wrapper = folder / "wrapper"
        wrapper.mkdir()
        shutil.copyfile(told["GoMod"], wrapper / "go.mod")
        shutil.copyfile(Path(told["Dir"]) / "go.sum", wrapper / "go.sum")
        edits = self._edits(json.loads(steps.read([go, "mod", "edit", "-json"], wrapper)))
        steps.read([go, "mod", "edit", *edits], wrapper)
        return _compile("2/2 compiling", go, self.package, wrapper, steps)

    def _edits(self, module: dict[str, Any]) -> list[str]:
        """Return what makes the program's go.mod a wrapper's: another name, itself required, no paths into itself."""
        edits = ["-module=wrapper", f"-require={self.module}@{self.version}"]
        replaced = module.get("Replace") or []
        edits += [f"-dropreplace={_at(one['Old'])}" for one in replaced if one["New"]["Path"].startswith(".")]
        edits += [f"-dropignore={ignored['Path']}" for ignored in module.get("Ignore") or []]
        edits += [f"-droptool={tool['Path']}" for tool in module.get("Tool") or []]
        return edits


def _compile(title: str, go: Path, package: str, folder: Path, steps: Steps) -> Path:
    built = folder.parent / "built"
    steps.run(title, [go, "build", *_BUILD_FLAGS, "-o", built, package], folder)
    return built


def _at(module: dict[str, str]) -> str:
    version = module.get("Version")
    return f"{module['Path']}@{version}" if version else module["Path"]


COLLECTOR = CollectorRecipe(name="otelcol", version="0.155.0", manifest=MANIFEST)
# Jaeger numbers its Go module 1.x and its programs and images 2.x: 1.76.0 is 2.13.0.
JAEGER = ProgramRecipe(
    name="jaeger",
    module="github.com/jaegertracing/jaeger",
    version="v1.76.0",
    package="github.com/jaegertracing/jaeger/cmd/jaeger",
)
LOKI = ProgramRecipe(
    name="loki",
    module="github.com/grafana/loki/v3",
    version="v3.7.8",
    package="github.com/grafana/loki/v3/cmd/loki",
)
NATS = ProgramRecipe(
    name="nats-server",
    module="github.com/nats-io/nats-server/v2",
    version="v2.14.9",
    package="github.com/nats-io/nats-server/v2",
)
RECIPES: tuple[Recipe, ...] = (COLLECTOR, JAEGER, LOKI, NATS)
