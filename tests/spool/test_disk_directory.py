"""The spool in a directory that is not as it should be: told with the cure, and nothing lost."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.spool.conftest import drain, kill, segments


@pytest.mark.parametrize("what", ["file", "symlink", "symlink above", "foreign"])
def test_a_directory_that_cannot_be_trusted_is_left_alone(make_spool, tmp_path, caplog, what):
    """A file, a symbolic link or another user's directory: a warning with the cure, nothing touched, events in memory."""
    root = tmp_path / "root"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if what == "file":
        root.write_text("mine")
    elif what == "foreign":
        if os.geteuid() != 0:
            pytest.skip("only root can give a directory away")
        root.mkdir()
        os.chown(root, 12345, 12345)
    elif what == "symlink":
        root.symlink_to(elsewhere)
    else:
        root.mkdir()
        (root / "service").symlink_to(elsewhere)
    before = sorted(tmp_path.rglob("*"))
    spool = make_spool(root / "service" / "logs", root=root)
    spool.append(b"a", 1)

    assert drain(spool) == [b"a"]
    assert sorted(tmp_path.rglob("*")) == before
    assert "OTEL_EVENTS_SPOOL_DIR" in caplog.text
    assert len(caplog.records) == 1


def test_foreign_files_are_left_alone(make_spool):
    """What is not ours is neither read nor renamed nor deleted."""
    spool = make_spool()
    spool.append(b"a", 1)
    names = ["notes.txt", "other.lock", "0000000001-x.spool", "core.spool.bad"]
    for name in names:
        (spool.directory / name).write_bytes(b"mine")
    spool.close()

    assert drain(make_spool()) == [b"a"]
    assert {name: (spool.directory / name).read_bytes() for name in names} == dict.fromkeys(names, b"mine")


def test_garbage_under_a_segments_name_is_set_aside(make_spool, caplog):
    """It is renamed, named in a warning, and what else is there is sent."""
    spool = make_spool()
    spool.append(b"a", 1)
    spool.close()
    garbage = spool.directory / "0000000001-w.00000000.spool"
    garbage.write_bytes(os.urandom(5000))

    assert drain(make_spool()) == [b"a"]
    assert not garbage.exists()
    assert f"{garbage}.bad" in caplog.text
    assert Path(f"{garbage}.bad").stat().st_size == 5000


def test_a_newer_versions_segment_is_left_for_it(make_spool, impatient, caplog):
    """It stays as it is, and is told."""
    spool = make_spool()
    spool.append(b"a", 1)
    spool.close()
    path = segments(spool.directory)[0]
    data = bytearray(path.read_bytes())
    data[8] = 2
    data[68:72] = __import__("zlib").crc32(data[:68]).to_bytes(4, "little")
    path.write_bytes(data)
    following = make_spool()
    following.append(b"b", 1)

    assert drain(following) == [b"b"]
    assert path.read_bytes() == data
    assert "later version" in caplog.text


def test_empty_files_are_cleared_away(make_spool, caplog):
    """What a kill left between making a file and writing to it is deleted; told, for a disk may have lost what was in it."""
    spool = make_spool()
    spool.append(b"a", 1)
    spool.close()
    for token, data in (("w.00000000", b""), ("w.00000001", segments(spool.directory)[0].read_bytes()[:72])):
        (spool.directory / f"0000000001-{token}.spool").write_bytes(data)

    assert drain(make_spool()) == [b"a"]
    assert segments(spool.directory) == []
    assert [record.message.split(": ")[-1] for record in caplog.records] == ["if anything was in it, that is lost"]


def test_a_damaged_segment_gives_what_is_intact_and_is_kept(make_spool, caplog):
    """One flipped bit costs one batch, counted and told; the file is set aside."""
    spool = make_spool()
    for number in range(5):
        spool.append(b"%d" % number + bytes(100), 3)
    spool.close()
    path = segments(spool.directory)[0]
    data = bytearray(path.read_bytes())
    data[data.index(b"2" + bytes(100)) + 50] ^= 1
    path.write_bytes(data)
    following = make_spool()

    assert [body[:1] for body in drain(following)] == [b"0", b"1", b"3", b"4"]
    assert following.accounts.dropped.counts() == {"spool_damaged": 3}
    assert (following.adopted, Path(f"{path}.bad").exists()) == (15, True)
    assert "3 records dropped" in caplog.text


def test_damage_under_a_running_process_is_seen(make_spool):
    """What is read back is checked: a batch that changed on disk is not sent, but counted."""
    spool = make_spool()
    for number in range(6):
        spool.append(b"%d" % number + bytes(1 << 20), 2)  # more than is kept in memory
    path = segments(spool.directory)[0]
    with path.open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(b"x")

    assert [body[:1] for body in drain(spool)] == [b"0", b"1", b"2", b"3", b"4"]
    assert spool.accounts.dropped.counts() == {"spool_damaged": 2}


def test_damage_is_counted_once_by_all_that_take_over(make_spool):
    """The second process that takes a damaged segment over does not count its losses again."""
    spool = make_spool()
    for number in range(5):
        spool.append(b"%d" % number + bytes(100), 3)
    spool.close()
    path = segments(spool.directory)[0]
    data = bytearray(path.read_bytes())
    data[data.index(b"2" + bytes(100)) + 50] ^= 1
    path.write_bytes(data)
    second, third = make_spool(), make_spool()
    second.take(0)
    kill(second)
    rest = drain(third)

    assert len(rest) == 4
    assert second.lost() + third.lost() == 3


def test_a_directory_deleted_while_running_is_made_anew(make_spool):
    """What the open file still gives is saved; later batches survive a kill again."""
    spool = make_spool()
    for number in range(5):
        spool.append(b"%d" % number, 1)
    shutil.rmtree(spool.directory)
    for number in range(5, 8):
        spool.append(b"%d" % number, 1)
    was_safe = spool.outlives_process
    kill(spool)
    following = make_spool()

    assert was_safe
    assert drain(following) == [b"%d" % number for number in range(8)]
    assert spool.accounts.dropped.counts() == {}


def test_segments_deleted_by_somebody_are_counted(make_spool, caplog):
    """What is gone is counted as that, and the rest is sent."""
    spool = make_spool(max_bytes=40_000)
    for _ in range(30):
        spool.append(bytes(1_000), 2)
    paths = segments(spool.directory)
    paths[2].unlink()
    delivered = len(drain(spool))

    assert spool.accounts.dropped.counts() == {"spool_vanished": 60 - 2 * delivered}
    assert 0 < delivered < 30
    assert "somebody deleted" in caplog.text


def test_a_lock_file_that_was_deleted_does_not_let_others_in(make_spool, impatient):
    """Although another writer takes us for dead, nothing that is appended meanwhile is lost."""
    spool = make_spool(max_bytes=80_000)
    spool.append(b"0" + bytes(300), 1)
    for path in spool.directory.glob("*.lock"):
        path.unlink()
    thief = make_spool()
    stolen = thief.take(0)
    spool.append(b"1" + bytes(300), 1)
    thief.release(stolen)
    spool.append(b"2" + bytes(300), 1)

    assert {body[:1] for body in drain(spool)} >= {b"1", b"2"}


@pytest.mark.parametrize(("mode", "warnings"), [(0o755, 0), (0o777, 1), (0o775, 1), (0o1777, 0)])
def test_a_root_that_others_may_write_to_is_told_of(make_spool, tmp_path, caplog, mode, warnings):
    """Once, with the cure, and nothing is changed: it may be shared on purpose. With the sticky bit others replace nothing."""
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(mode)
    spools = [make_spool(root / name, root=root) for name in ("logs", "traces")]
    for spool in spools:
        spool.append(b"a", 1)

    assert [record.message.count("chmod go-w") for record in caplog.records] == [1] * warnings
    assert [spool.outlives_process for spool in spools] == [True, True]
    assert stat.S_IMODE(root.stat().st_mode) == mode


def test_names_of_new_directories_are_safe(make_spool, tmp_path, monkeypatch):
    """The disk is asked to keep the name of each directory that was made, once: without it what is in there is lost too."""
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_ino) or real(fd))
    root = tmp_path / "state" / "root"
    folders = [tmp_path, tmp_path / "state", root, root / "service"]
    make_spool(root / "service" / "logs", root=root).append(b"a", 1)
    make_spool(root / "service" / "logs", root=root).append(b"a", 1)

    assert [synced.count(path.stat().st_ino) for path in folders] == [1, 1, 1, 1]


def test_modes_of_our_directories_are_tightened(make_spool, tmp_path):
    """A directory of ours that others may read is made private again; the root above it is left as it is."""
    (tmp_path / "root" / "service").mkdir(parents=True, mode=0o755)
    spool = make_spool(tmp_path / "root" / "service", root=tmp_path / "root")
    spool.append(b"a", 1)

    assert stat.S_IMODE((tmp_path / "root" / "service").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "root").stat().st_mode) == 0o755
