"""The examples of those who move in: each runs against real servers, and prints what its document shows."""

import re
import subprocess
import sys

import pytest

from tests.message_servers import RedisServer, nats_server, running
from tests.program import PATIENCE, ROOT, environment

pytestmark = pytest.mark.slow


def shown_in(document, example):
    """Return the block of *document* that says what *example* prints."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.search(rf"<!-- output of {re.escape(example)} -->\n```text\n(.*?)```", text, re.DOTALL)[1].strip()


def run_example(name, home, **env):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        env=environment(home, PYTHONIOENCODING="utf-8", **env),
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "document"), [("ledger_emitter", "ledger-emitter"), ("script_logger", "script-logger")]
)
def test_those_that_need_no_server(name, document, tmp_path):
    """What the calls were promised to do is what stands in the ledger, and what the collector gets."""
    assert run_example(name, tmp_path) == shown_in(f"docs/migrate/{document}.md", f"examples/{name}.py")


def test_the_broadcaster(tmp_path):
    """What the daemon's calls were promised to do is what consumers of Redis see."""
    (tmp_path / "redis").mkdir()
    with running(RedisServer(tmp_path / "redis")) as server:
        printed = run_example("broadcaster", tmp_path, REDIS_URL=server.url)

    assert printed == shown_in("docs/migrate/broadcaster.md", "examples/broadcaster.py")


@pytest.mark.backends
def test_the_activity_publisher(tmp_path):
    """What the topics were promised to have is what a dashboard on NATS hears."""
    with running(nats_server(tmp_path / "nats")) as server:
        printed = run_example("activity", tmp_path, NATS_URL=server.url)

    assert printed == shown_in("docs/migrate/activity.md", "examples/activity.py")
