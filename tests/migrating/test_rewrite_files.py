"""`migrate rewrite` and the files that it writes: encodings, modes, owners, links, and what it leaves alone."""

import os
import stat

import pytest

from otel_events.cli import exit_codes


@pytest.mark.parametrize(
    "source",
    [
        b"import ledger_emitter\r\nx = 1\r\n",
        b"\xef\xbb\xbfimport ledger_emitter\n",
        b"# -*- coding: latin-1 -*-\nimport ledger_emitter\nx = '\xe9'\n",
        "import ledger_emitter\nx = '요약'".encode(),
        b"import ledger_emitter\n\tx = 1\n".replace(b"\tx", b"if 1:\n\tx"),
        b"import ledger_emitter\nx = 1\r\ny = 2\n",
    ],
    ids=["CRLF", "BOM", "latin-1", "no end", "tabs", "mixed"],
)
def test_encoding_and_line_ends_stay(migrate, tmp_path, source):
    """Every byte but the import's is as it was."""
    path = tmp_path / "a.py"
    path.write_bytes(source)

    assert migrate("rewrite", path, "--write", "--native").code == exit_codes.OK

    assert path.read_bytes() == source.replace(
        b"import ledger_emitter", b"from otel_events.compat import ledger_emitter"
    )


@pytest.mark.skipif(os.name != "posix", reason="modes and links")
def test_modes_stay_and_links_are_not_written_through(migrate, tmp_path):
    """A script stays executable; a link beneath the path leads nowhere; no temporary file is left."""
    outside = tmp_path / "outside.py"
    outside.write_text("import ledger_emitter\n")
    folder = tmp_path / "src"
    folder.mkdir()
    script = folder / "run.py"
    script.write_text("import ledger_emitter\n")
    script.chmod(0o750)
    (folder / "link.py").symlink_to(outside)

    migrate("rewrite", folder, "--write")

    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert script.read_text() == "from otel_events.compat import ledger_emitter\n"
    assert outside.read_text() == "import ledger_emitter\n"
    assert sorted(each.name for each in folder.iterdir()) == ["link.py", "run.py"]


@pytest.mark.skipif(os.name != "posix", reason="hard links")
def test_a_file_of_several_names_is_left_alone_and_told(migrate, tmp_path):
    """One name would be parted from the others, which may lie elsewhere; whatever else there is gets written."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("shared.py", "own.py"):
        (folder / name).write_text("import ledger_emitter\n")
    (tmp_path / "elsewhere.py").hardlink_to(folder / "shared.py")

    answer = migrate("rewrite", folder, "--write")

    assert answer.code == exit_codes.INPUT
    assert "shared.py was left out: has 2 names (hard links)" in answer.err
    assert (folder / "shared.py").read_text() == (tmp_path / "elsewhere.py").read_text() == "import ledger_emitter\n"
    assert "otel_events" in (folder / "own.py").read_text()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone gives files away")
def test_a_file_stays_its_owners(migrate, tmp_path):
    """Whoever runs it."""
    program = tmp_path / "run.py"
    program.write_text("import ledger_emitter\n")
    os.chown(program, 12_345, 12_346)

    assert migrate("rewrite", program, "--write").code == exit_codes.OK

    status = program.stat()
    assert (status.st_uid, status.st_gid) == (12_345, 12_346)
    assert "otel_events" in program.read_text()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_cannot_be_written_is_told(migrate, tmp_path):
    """The others are written."""
    (tmp_path / "locked").mkdir()
    for name in ("a.py", "locked/b.py"):
        (tmp_path / name).write_text("import ledger_emitter\n")
    (tmp_path / "locked").chmod(0o500)

    answer = migrate("rewrite", ".", "--write")

    assert answer.code == exit_codes.INPUT
    assert "b.py was left out: cannot be written" in answer.err
    assert "otel_events" in (tmp_path / "a.py").read_text()


def test_a_file_that_cannot_be_parsed_is_left_alone(migrate, tmp_path):
    """And told."""
    (tmp_path / "a.py").write_text("import ledger_emitter\nprint 'two'\n")

    answer = migrate("rewrite", "a.py", "--write")

    assert answer.code == exit_codes.INPUT
    assert (tmp_path / "a.py").read_text() == "import ledger_emitter\nprint 'two'\n"
