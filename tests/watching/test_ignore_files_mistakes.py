"""Ignore files that git reads, mistakes and all."""

from __future__ import annotations

import pytest

from otel_events.watching.ignore_files import IgnoreFiles


@pytest.mark.parametrize("mistake", ["build\\", "!", "!\\"])
def test_a_line_that_git_passes_over_is_passed_over(tmp_path, mistake):
    """A lone backslash at the end, an exclamation mark alone: the other lines hold."""
    (tmp_path / ".gitignore").write_text(f"*.log\n{mistake}\n*.tmp\n")
    ignored = IgnoreFiles(str(tmp_path))

    assert [ignored.ignores(name, is_directory=False) for name in ("a.log", "a.tmp", "a.py")] == [True, True, False]
