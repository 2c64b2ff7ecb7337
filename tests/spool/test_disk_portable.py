"""The spool on systems without POSIX's locks, owners and flags."""

import subprocess
import sys
import textwrap
from pathlib import Path

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


def test_the_portable_branch_keeps_the_promises(tmp_path):
    """Without flock and its like: writers share a directory, the living are left alone, the dead are taken over."""
    program = [sys.executable, "-c", textwrap.dedent(WITHOUT_POSIX), str(tmp_path / "spool")]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, capture_output=True, text=True, cwd=root, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
