"""`catalog`: the event types are found, checked, and begun."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from otel_events import catalog

pytest.importorskip("yaml")


@pytest.fixture(autouse=True)
def _same_catalogue():
    """The catalogue is that of a command that has just begun, and what a test adds to it is gone after it."""
    before, modules, path = catalog.current(), set(sys.modules), list(sys.path)
    catalog.set_current(catalog.Catalog())
    yield
    catalog.set_current(before)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.endswith("_events") and not name.startswith("otel_events"):
            del sys.modules[name]


@pytest.fixture
def shop(invoke, tmp_path):
    """A catalogue as `new` writes it."""
    assert invoke("catalog", "new", "shop").code == 0
    return tmp_path / "shop"


def test_list_shows_every_event(invoke):
    """By category; as JSON with attributes."""
    listed = invoke("catalog", "list").out
    rows = json.loads(invoke("catalog", "list", "--category", "task", "--json").out)

    assert "  task.failed" in listed
    assert {row["category"] for row in rows} == {"task"}
    failed = next(row for row in rows if row["name"] == "task.failed")
    assert "exception.type" in {attribute["key"] for attribute in failed["attributes"]}


def test_show_takes_an_older_spelling(invoke):
    """And says what the event is called now."""
    shown = invoke("catalog", "show", "evidence_added")

    assert shown.out.startswith("evidence.added")
    assert "aliases   evidence_added" in shown.out


def test_show_suggests_what_is_similar(invoke):
    """A slip of the finger is no dead end."""
    missing = invoke("catalog", "show", "taks.failed")

    assert missing.code == 1
    assert "task.failed" in missing.err


def test_what_new_writes_is_right(invoke, shop):
    """The registry passes the check, and so does the module."""
    assert invoke("catalog", "check", shop / "registry").out.startswith("nothing wrong: 2 events")


def test_registry_and_module_of_new_say_the_same(invoke, shop, monkeypatch):
    """Exporting the module gives the registry again, and leaves the manifest."""
    before = {path.name: path.read_text() for path in (shop / "registry").iterdir()}
    monkeypatch.chdir(shop)

    exported = invoke("catalog", "export", "--own", "--module", "shop_events", "--weaver", "registry")

    assert exported.code == 0, exported.err
    assert {path.name: path.read_text() for path in (shop / "registry").iterdir()} == before


@pytest.mark.slow
def test_the_module_of_new_is_imported_and_emits(shop, environment, tmp_path):
    """By a program that knows nothing else."""
    program = "import shop_events, otel_events as ev; shop_events.example(); ev.shutdown()"

    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=shop,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert '"event":"shop.order.failed","severity":"ERROR"' in (tmp_path / "ledger.jsonl").read_text()


@pytest.mark.slow
def test_the_module_of_new_passes_mypy(shop, tmp_path):
    """In strict mode, and a wrong attribute does not."""
    from pathlib import Path

    api = pytest.importorskip("mypy.api", reason="mypy comes with the lint tools")
    config = tmp_path / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = True\nmypy_path = {Path(__file__).resolve().parents[2]}\n")
    wrong = shop / "wrong.py"
    wrong.write_text(
        "import otel_events as ev\nfrom shop_events import ItemAdded\nev.emit(ItemAdded(item=3, price=1.0))\n"
    )

    right = api.run(
        ["--config-file", str(config), "--cache-dir", str(tmp_path / "cache"), str(shop / "shop_events.py")]
    )
    refused = api.run(
        ["--config-file", str(config), "--cache-dir", str(tmp_path / "cache"), str(shop / "shop_events.py"), str(wrong)]
    )

    assert right[2] == 0, right[0]
    assert 'incompatible type "int"' in refused[0]


def test_new_overwrites_nothing(invoke, shop):
    """Neither module nor registry."""
    again = invoke("catalog", "new", "shop")

    assert again.code == 3
    assert "is there already" in again.err


def test_new_refuses_a_name_that_cannot_be_one(invoke):
    """And says what would be."""
    assert "--name" in invoke("catalog", "new", "x", "--name", "My Shop").err


def test_check_teaches(invoke, shop):
    """Every mistake at once, by file and line, with what would be right; the exit code says no."""
    file = shop / "registry" / "shop.yaml"
    file.write_text(file.read_text().replace("type: int", "type: itn").replace("message:", "mesage:"))

    checked = invoke("catalog", "check", shop / "registry")
    problems = json.loads(invoke("catalog", "check", shop / "registry", "--json").out)["problems"]

    assert checked.code == 1
    assert f"{file}:11: unknown type 'itn'" in checked.out
    assert "did you mean 'message'?" in checked.out
    assert len(problems) == 3


def test_check_says_what_a_definition_replaces(invoke, shop):
    """A built-in name is replaced as a whole: nobody should do that unawares."""
    file = shop / "registry" / "shop.yaml"
    file.write_text(file.read_text().replace("shop.item.added", "evidence.added"))

    assert "evidence.added replaces the built-in event" in invoke("catalog", "check", shop / "registry").out


def test_a_module_that_breaks_is_told(invoke, tmp_path):
    """With its own error, and no traceback."""
    (tmp_path / "broken_events.py").write_text("1 / 0\n")

    broken = invoke("catalog", "check", "--module", "broken_events")

    assert broken.code == 3
    assert "ZeroDivisionError" in broken.err


def test_coverage_tells_what_was_not_seen(invoke, shop, ledger, event):
    """Of a registry of one's own, with what nobody has defined."""
    ledger(event("shop.item.added"), event("shop.item.added", 1), event("shop.gone"))
    own = ("catalog", "coverage", "--own", "--catalog", shop / "registry")

    told = invoke(*own)
    found = json.loads(invoke(*own, "--json").out)

    assert "1 of 2 types (50.0 %)" in told.out
    assert found == {
        "percent": 50.0,
        "seen": {"shop.item.added": 2},
        "missing": ["shop.order.failed"],
        "unknown": {"shop.gone": 1},
    }
    assert invoke(*own, "--target", "60").code == 1


def test_export_writes_what_can_be_read_again(invoke, tmp_path):
    """The whole catalogue, as a registry."""
    assert invoke("catalog", "export", "--weaver", "registry").code == 0

    from otel_events.catalog.registry import load_registry

    names = {definition.name for definition in load_registry(tmp_path / "registry", builtin=False)}
    assert names == {definition.name for definition in catalog.current().definitions()}


def test_docs_are_the_page_of_the_documentation(invoke, tmp_path):
    """With the user's own events in it, if they are asked for."""
    invoke("catalog", "docs", "-o", "events.md")

    assert "### task.failed" in (tmp_path / "events.md").read_text()
