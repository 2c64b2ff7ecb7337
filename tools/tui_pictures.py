"""Take pictures of the terminal screen in a real terminal: the training run and the demo while they run, and a failure.

    python -m tools.tui_pictures FOLDER [PICTURE ...]     to look at
    python -m tools.tui_pictures --docs                   those in docs/images, anew

It runs `otel-events tui` in tmux beside examples/training_run.py, and on the server of the demo, and draws what tmux has with
its colours. Needs tmux, playwright, Pillow and a Chromium.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.server.chromium import browser_options
from tools.tmux import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from demo_run import running  # noqa: E402
from demo_server import running_server  # noqa: E402

DOCS = ROOT / "docs" / "images"
# Its stack traces name the file as seen from here, not where somebody's checkout lies.
_PROGRAM = "import os; os.chdir({root!r}); exec(compile(open({name!r}).read(), {name!r}, 'exec'))"
_CELL = 9, 18  # pixels, of the font size below
_PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>{stylesheet}
body {{ margin: 8px; background: #121212; color: #e0e0e0; }}
pre {{ margin: 0; font: 14.95px/18px "DejaVu Sans Mono", monospace; }}
</style><pre>{code}</pre>"""
_COLOURS = 256  # enough for letters with grey edges, and a quarter of the bytes
_SETTLED = 1.2  # seconds after which the screen has drawn what was asked of it


@dataclass(frozen=True, slots=True)
class Picture:
    """What to take.

    Attributes:
        program: of which the events are.
        size: of the terminal in cells.
        act: presses keys, and waits until they have had their effect.
    """

    program: str
    size: tuple[int, int]
    act: Callable[[Terminal], None]


def _watch(seconds: float) -> Callable[[Terminal], None]:
    def act(terminal: Terminal) -> None:
        terminal.until("following")
        time.sleep(seconds)

    return act


def _watch_pipeline(terminal: Terminal) -> None:
    terminal.until("alert.triggered")


def _find_failure(terminal: Terminal) -> None:
    terminal.until("anomaly.detected")
    time.sleep(_SETTLED)
    terminal.press("E", "E")  # the episode, and before it what failed in it


def _open_failure(terminal: Terminal) -> None:
    _find_failure(terminal)
    terminal.press("Enter")
    terminal.until("exception.stacktrace", "Esc back")


def _tell_story(terminal: Terminal) -> None:
    _find_failure(terminal)
    terminal.press("e", "t")
    terminal.until("task episode-3")
    terminal.press("End")
    terminal.until("FloatingPointError", "update")


def _group_errors(terminal: Terminal) -> None:
    terminal.until("anomaly.detected")
    time.sleep(_SETTLED)
    terminal.press("x")
    terminal.until("errors in")


def _show_help(terminal: Terminal) -> None:
    terminal.until("following")
    terminal.press("?")
    terminal.until("severity>=warn")


PICTURES = {
    "training-wide": Picture("training_run", (132, 30), _watch(12)),
    "training-small": Picture("training_run", (80, 24), _watch(9)),
    "demo-wide": Picture("pipeline", (132, 30), _watch_pipeline),
    "demo-small": Picture("pipeline", (80, 24), _watch_pipeline),
    "failed-row": Picture("training_run", (120, 30), _find_failure),
    "failed-detail": Picture("training_run", (120, 30), _open_failure),
    "failed-story": Picture("training_run", (120, 30), _tell_story),
    "failed-groups": Picture("training_run", (120, 30), _group_errors),
    "help": Picture("pipeline", (80, 32), _show_help),
}
IN_DOCS = ("training-wide", "training-small", "demo-wide", "failed-detail", "failed-story", "failed-groups")


def _running(name: str, settings: dict[str, str], *arguments: str) -> Any:
    program = _PROGRAM.format(root=str(ROOT), name=f"examples/{name}.py")
    return running([sys.executable, "-c", program, *arguments], settings)


@contextmanager
def _training(folder: Path, terminal: Terminal) -> Iterator[None]:
    with _running(
        "training_run",
        {"OTEL_EVENTS_LEDGER_PATH": str(folder / "run.jsonl")},
        "--seconds",
        "40",
        "--rate",
        "3000",
        "--episode",
        "5",
    ) as run:
        terminal.say(f"{sys.executable} -m otel_events tui run.jsonl")
        yield
        _end(run)


@contextmanager
def _demo(folder: Path, terminal: Terminal) -> Iterator[None]:
    with running_server(folder / "events.jsonl") as server:
        terminal.say(f"{sys.executable} -m otel_events tui {server.endpoint} --token-file {server.token_file}")
        terminal.until("following")
        with _running("pipeline", {"OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint}) as run:
            yield
            _end(run)


def _end(run: Popen[str]) -> None:
    run.terminate()
    run.communicate()


def take(picture: Picture) -> str:
    """Return what is on the screen, as a terminal is told of it."""
    width, height = picture.size
    beside = {"training_run": _training, "pipeline": _demo}[picture.program]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": scratch,
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLORTERM": "truecolor",
        }
        with closing(Terminal(folder, width, height, environment)) as terminal, beside(folder, terminal):
            picture.act(terminal)
            time.sleep(_SETTLED)
            return terminal.coloured()


def draw(browser: Browser, coloured: str, size: tuple[int, int], path: Path) -> None:
    """Draw a screen as a PNG file."""
    width, height = size
    console = Console(
        file=io.StringIO(),
        width=width,
        record=True,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    console.print(Text.from_ansi(coloured, no_wrap=True, overflow="ignore"), crop=False, soft_wrap=True)
    html = console.export_html(code_format=_PAGE, inline_styles=True, theme=MONOKAI)
    page = browser.new_page(viewport={"width": width * _CELL[0] + 16, "height": height * _CELL[1] + 16})
    page.set_content(html)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    picture.quantize(_COLOURS).save(path, optimize=True)


def main(arguments: list[str]) -> int:
    """Take the pictures that *arguments* ask for; return the exit code."""
    is_for_docs = arguments == ["--docs"]
    if not arguments or set(arguments[1:]) - set(PICTURES) or (arguments[0].startswith("-") and not is_for_docs):
        print(f"{__doc__}\nPICTURE is one of {', '.join(PICTURES)}", file=sys.stderr)
        return 2
    folder = DOCS if is_for_docs else Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    names = IN_DOCS if is_for_docs else arguments[1:] or list(PICTURES)
    with sync_playwright() as playwright:
        options: Any = browser_options()
        browser = playwright.chromium.launch(**options)
        for name in names:
            picture = PICTURES[name]
            draw(browser, take(picture), picture.size, folder / f"tui-{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
