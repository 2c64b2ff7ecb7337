"""`otel-events languages`: files that work where they were copied to."""

from __future__ import annotations

from otel_events.cli import exit_codes


def test_files_are_copied_and_named(invoke, tmp_path):
    """Into a folder that is made; each is told; once more is as good."""
    for _ in range(2):
        answer = invoke("languages", "javascript", str(tmp_path / "web" / "events"))

        assert answer.code == exit_codes.OK
        assert str(tmp_path / "web" / "events" / "otel-events.js") in answer.out.splitlines()
    assert sorted(path.name for path in (tmp_path / "web" / "events").iterdir()) == [
        "known.js",
        "otel-events.d.ts",
        "otel-events.js",
        "package.json",
        "scope.js",
        "sending.js",
        "settings.js",
        "values.js",
    ]


def test_the_shell_has_one_file(invoke, tmp_path):
    """What it is put together from stays here."""
    invoke("languages", "shell", str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["otel-events.sh"]


def test_a_file_of_somebody_s_own_stays(invoke, tmp_path):
    """Nothing is written over, and nothing beside it, unless that is asked for."""
    (tmp_path / "emit_event.ps1").write_text("mine")

    refused = invoke("languages", "powershell", str(tmp_path))
    kept = sorted(path.name for path in tmp_path.iterdir())
    forced = invoke("languages", "powershell", str(tmp_path), "--force")

    assert refused.code not in {exit_codes.OK, exit_codes.NO}
    assert "emit_event.ps1" in refused.err
    assert kept == ["emit_event.ps1"]
    assert forced.code == exit_codes.OK
    assert "Send-OtelEvent" in (tmp_path / "emit_event.ps1").read_text()
