"""What the pytest plugin promises."""

import subprocess
import sys

import pytest

from tests.program import environment


@pytest.mark.slow
def test_the_fixture_captures_for_each_test_anew(tmp_path):
    """`captured_events` is there without an import, and each test has its own events."""
    (tmp_path / "test_it.py").write_text(
        """
import otel_events as ev, pytest

@pytest.mark.parametrize("n", [1, 2])
def test_it(captured_events, n):
    ev.emit("evidence.added", n=n)
    assert captured_events.only("evidence.added").attributes == {"n": n}

def test_failing(captured_events):
    ev.emit("evidence.added", source="a")
    captured_events.assert_emitted("evidence.added", source="b")
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "otel_events.testing.plugin", "-p", "no:cacheprovider", "."]
    # Not twice, where the package is installed.
    env = environment(tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=60, check=False)

    assert "2 passed" in done.stdout, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert "source: expected 'b', is 'a'" in done.stdout
    assert "def assert_emitted" not in done.stdout  # the reader sees the test, not our frames


@pytest.mark.slow
def test_loading_the_plugin_imports_nothing_heavy(tmp_path):
    """A test run that uses none of it pays for no SDK and no exporter."""
    code = "import otel_events.testing.plugin, sys; print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'grpc', 'google.protobuf', 'orjson'))])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path), timeout=60, check=False
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_without_pytest_the_capturing_works(tmp_path):
    """`capture_events` needs no pytest."""
    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "import otel_events as ev\n"
        "from otel_events.testing import capture_events\n"
        "with capture_events() as events: ev.emit('seed.planted')\n"
        "print(events.names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(tmp_path), timeout=60, check=False
    )

    assert done.stdout.strip() == "['seed.planted']", done.stderr
