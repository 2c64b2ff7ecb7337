"""The spool on systems without POSIX's locks, owners and flags."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

WITHOUT_POSIX = """
    import os, sys
    sys.modules["fcntl"] = None
    for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "geteuid"):
        delattr(os, name)

    from pathlib import Path
    from otel_events import file_lock
    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.spool import disk, inspect
    from otel_events.spool.disk import DiskSpool

    assert not file_lock._HAS_FLOCK
    disk._LOOK_SECONDS = 0.0

    def make():
        return DiskSpool(
            sys.argv[1], signal="logs", destination="d", writer_id="w", accounts=Accounts(), notices=Notices()
        )

    def drain(spool):
        bodies = []
        while batch := spool.take(0):
            bodies.append(batch.body)
            spool.release(batch)
        return bodies

    one, two = make(), make()
    one.append(b"one", 1)
    two.append(b"two", 1)
    assert inspect(sys.argv[1]).living == 2
    assert drain(two) == [b"two"]
    one.close()
    assert drain(two) == [b"one"]
    two.close()
    assert [path.name for path in Path(sys.argv[1]).iterdir()] == ["about.json"]

    Path(sys.argv[1] + "-link").symlink_to(sys.argv[1])
    sys.argv[1] += "-link"
    refused = make()
    refused.append(b"a", 1)
    assert not refused.outlives_process
"""


WITH_FULL_SYNC = """
    import errno, fcntl, os, sys

    asked = []
    error = None

    def ask(fd, command):
        asked.append(command)
        if error:
            raise OSError(error, "no")

    fcntl.F_FULLFSYNC, fcntl.fcntl = 51, ask
    os.fdatasync = lambda fd: asked.append("data")
    from otel_events.files import sync_file

    sync_file(1)
    error = errno.ENOTSUP
    sync_file(1)
    assert asked == [51, 51, "data"], asked
    error = errno.EIO
    try:
        sync_file(1)
    except OSError:
        sys.exit()
    raise AssertionError
"""


@pytest.mark.slow
def test_where_the_disks_own_cache_can_be_passed_it_is():
    """macOS has a call for that; a file system without it gets the usual one, and an error of the disk stays one."""
    program = [sys.executable, "-c", textwrap.dedent(WITH_FULL_SYNC)]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, capture_output=True, text=True, cwd=root, timeout=60, check=False)

    assert done.returncode == 0, done.stderr


def test_the_portable_branch_keeps_the_promises(tmp_path):
    """Without flock and its like: writers share a directory, the living are left alone, the dead are taken over."""
    program = [sys.executable, "-c", textwrap.dedent(WITHOUT_POSIX), str(tmp_path / "spool")]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, capture_output=True, text=True, cwd=root, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
