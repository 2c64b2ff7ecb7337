"""`env`: what is printed means to its reader what was asked for."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from otel_events.settings import resolve

HARD = 'it\'s a "shop" $HOME `id` \\ ä % !'


def read_by_shell(shell, text):
    """Return the OTEL_* variables that *shell* has after it has run *text*."""
    run = subprocess.run(
        [shell, "-c", f"{text}\nenv -0"],
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    pairs = (entry.partition("=") for entry in run.stdout.decode().split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("OTEL_")}


def test_the_default_is_a_collector_on_this_machine(invoke):
    """Two lines, and no more."""
    assert invoke("env").out.splitlines() == [
        "export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318",
        "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ]


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("shell", [name for name in ("sh", "bash", "dash", "zsh") if shutil.which(name)])
def test_a_shell_reads_what_was_meant(invoke, shell):
    """Quotes, dollars, backticks, backslashes: nothing is expanded, nothing is run."""
    printed = invoke(
        "env",
        "collector",
        "--service-name",
        HARD,
        "--resource",
        f"team={HARD}",
        "--header",
        f"x-key={HARD.replace('ä', '')}",
    )

    variables = read_by_shell(shell, printed.out)

    settings, warnings = resolve({}, variables)
    assert warnings == []
    assert settings.service_name == HARD
    assert settings.resource_attributes["team"] == HARD.strip()
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://localhost:4318"


def test_a_gateway_gets_basic_authorization(invoke, tmp_path):
    """As the library reads it: the header is whole, percent-encoding undone."""
    (tmp_path / "token").write_text("t0k+n/=\n")

    printed = invoke(
        *("env", "gateway", "--endpoint", "https://otlp.example.com/otlp", "--user", "123"),
        *("--token-file", tmp_path / "token", "--format", "dotenv"),
    )

    variables = dict(line.split("=", 1) for line in printed.out.splitlines())
    settings, warnings = resolve({}, variables)
    assert (warnings, printed.code) == ([], 0)
    assert settings.logs.headers["authorization"] == "Basic MTIzOnQwaytuLz0="
    assert settings.logs.url == "https://otlp.example.com/otlp/v1/logs"


def test_a_gateway_without_a_token_says_so(invoke, tmp_path):
    """An empty one is none either."""
    (tmp_path / "empty").write_text("\n")
    gateway = ("env", "gateway", "--endpoint", "https://otlp.example.com/otlp")

    codes = [
        invoke(*gateway, "--token-file", tmp_path / "empty", "--user", "1").code,
        invoke(*gateway, "--token-file", tmp_path / "nothing", "--user", "1").code,
        invoke(*gateway, "--user", "1").code,
    ]

    assert codes == [2, 2, 2]


def test_powershell_is_given_its_own_quotes(invoke):
    """Typographic ones end a text there as well."""
    printed = invoke("env", "--format", "powershell", "--service-name", "it's Ann\u2019s $x")

    assert printed.out.splitlines()[0] == "$env:OTEL_SERVICE_NAME = 'it''s Ann\u2019\u2019s $x'"


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="needs PowerShell")
def test_powershell_reads_what_was_meant(invoke):
    """In the real one."""
    printed = invoke("env", "--format", "powershell", "--service-name", HARD)

    run = subprocess.run(
        ["pwsh", "-NoProfile", "-Command", f"{printed.out}\n[Console]::Write($env:OTEL_SERVICE_NAME)"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert run.stdout == HARD


def test_compose_reads_what_was_meant(invoke):
    """It is YAML, `$` is doubled, and the Collector has the name of its service."""
    yaml = pytest.importorskip("yaml")

    printed = invoke("env", "--format", "compose", "--service-name", HARD)

    environment = yaml.safe_load(printed.out)["environment"]
    assert environment["OTEL_SERVICE_NAME"].replace("$$", "$") == HARD
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["otlp"], "--endpoint"),
        (
            ["otlp", "--endpoint", "nonsense"],
            "Error: --endpoint 'nonsense' is not a URL such as 'http://localhost:4318'\n",
        ),
        (["--header", "secret-without-a-sign"], "--header"),
        (["--service-name", "two\nlines"], "control character"),
    ],
)
def test_what_the_library_would_not_take_is_refused(invoke, arguments, said):
    """With nothing printed that looks as if it worked."""
    refused = invoke("env", *arguments)

    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err
    assert "secret" not in refused.err
