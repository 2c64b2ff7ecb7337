"""Where the token is kept."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from otel_events.errors import ConfigurationError
from otel_events.server.access.opening import complaint, find_token, token_path
from otel_events.server.access.token import Token, keep_token, read_token
from otel_events.server.settings import ServerSettings

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


def test_a_token_is_made_once_and_kept(tmp_path):
    """The next start finds the one of the first."""
    made = keep_token(tmp_path / "server" / "token")

    assert len(made) >= 40
    assert keep_token(tmp_path / "server" / "token") == made


@posix
def test_it_is_this_users_alone(tmp_path):
    """File and folder, whatever the umask, and whatever a copy has made of them."""
    path = tmp_path / "server" / "token"
    keep_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    path.chmod(0o644)
    keep_token(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_a_symbolic_link_is_not_followed(tmp_path):
    """Nobody has us read or write a file of theirs."""
    (tmp_path / "elsewhere").write_text("somebody-elses-token-of-length")
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="--token-file"):
        keep_token(tmp_path / "token")


def test_servers_that_start_together_have_one_token(tmp_path):
    """None replaces what another has made, and nothing is left beside it."""
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(keep_token, [tmp_path / "server" / "token"] * 32))

    assert len(tokens) == 1
    assert [each.name for each in (tmp_path / "server").iterdir()] == ["token"]


def test_the_token_that_is_set_comes_before_a_file_and_that_before_our_own(tmp_path, monkeypatch):
    """As settings always do: what is nearer counts."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "mine"
    file.write_text("token-out-of-a-file-of-mine\n")

    assert find_token(ServerSettings(token="token-out-of-a-setting", token_file=str(file))).matches(
        "token-out-of-a-setting"
    )
    assert find_token(ServerSettings(token_file=str(file))).matches("token-out-of-a-file-of-mine")
    own = find_token(ServerSettings())
    assert own.matches(read_token(token_path()))


@posix
def test_a_token_file_that_others_may_read_is_told(tmp_path):
    """With the cure; a private one is not."""
    file = tmp_path / "mine"
    file.write_text("token-out-of-a-file-of-mine\n")
    file.chmod(0o644)
    assert "chmod 600" in complaint(ServerSettings(token_file=str(file)))

    file.chmod(0o600)
    assert complaint(ServerSettings(token_file=str(file))) is None


def test_a_token_file_that_is_not_there_is_told(tmp_path):
    """By its path."""
    with pytest.raises(ConfigurationError, match="nowhere"):
        find_token(ServerSettings(token_file=str(tmp_path / "nowhere")))


def test_a_token_shows_in_no_traceback_and_no_log():
    """Its object says nothing of it."""
    assert "correct-horse" not in repr(Token("correct-horse-battery-staple"))


def test_programs_that_emit_know_nothing_of_the_server():
    """`import otel_events` stays light."""
    script = "import sys, otel_events; print([name for name in sys.modules if name.startswith(('otel_events.server', 'starlette', 'uvicorn'))])"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
        == "[]"
    )
