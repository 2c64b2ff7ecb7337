"""docker-compose.yml agrees with the files it mounts, and opens nothing to the network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml

from tools.backends.installed import CONFIGURATION
from tools.backends.recipes import COLLECTOR, JAEGER, LOKI, REPOSITORY

COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
COMPOSE = yaml.safe_load(COMPOSE_FILE.read_text())
SERVICES = COMPOSE["services"]

# What a setting is when the environment does not say: ${env:NAME:-default} and, in Loki's file, ${NAME:-default}.
DEFAULTS = {
    name: default
    for file in CONFIGURATION.glob("*.yaml")
    for name, default in re.findall(r"\$\{(?:env:)?(OTEL_\w+):-([^}]*)\}", file.read_text())
}


def mounts(service):
    for mount in SERVICES[service].get("volumes", []):
        source, target, *mode = mount.split(":")
        yield source, target, mode


def setting(service, name):
    return SERVICES[service].get("environment", {}).get(name, DEFAULTS[name])


@pytest.mark.slow
def test_the_file_is_valid_by_the_compose_specification():
    """docker-compose itself accepts the file."""
    tool = shutil.which("docker-compose")
    if tool is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("docker-compose is missing: sh tools/system_packages.sh")

    done = subprocess.run([tool, "-f", COMPOSE_FILE, "config", "-q"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_every_mounted_file_is_in_the_repository_and_every_volume_is_declared():
    """Nothing is mounted that a fresh clone lacks: docker would make an empty directory of it, silently."""
    sources = [(source, mode) for service in SERVICES for source, _, mode in mounts(service)]
    files = [(source, mode) for source, mode in sources if source.startswith(".")]
    volumes = {source for source, _ in sources if not source.startswith(".")}

    assert [source for source, _ in files if not (REPOSITORY / source).exists()] == []
    assert [source for source, mode in files if mode != ["ro"]] == []
    assert volumes == set(COMPOSE["volumes"])


@pytest.mark.parametrize("service", ["collector", "jaeger", "loki"])
def test_every_file_named_in_a_command_is_mounted(service):
    """The configuration that a server is told to read is one of this repository."""
    ((source, target, _),) = [mount for mount in mounts(service) if mount[0].startswith(".")]
    named = [argument.split("=", 1)[1] for argument in SERVICES[service]["command"] if ".yaml" in argument]

    assert named
    for path in named:
        assert (REPOSITORY / source / path.removeprefix(f"{target}/")).is_file(), path


def test_the_collector_joins_the_very_files_that_run_natively():
    """The same files in the same order: the base, then Jaeger, then Loki."""
    names = [argument.rsplit("/", 1)[1] for argument in SERVICES["collector"]["command"]]

    assert names == ["collector.yaml", "jaeger.yaml", "loki.yaml"]


def test_every_port_is_published_on_loopback_only():
    """Nobody outside this machine reaches a server that asks for no password."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    assert [port for port in published if not re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)] == []


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("collector", ["OTEL_EVENTS_OTLP_GRPC", "OTEL_EVENTS_OTLP_HTTP", "OTEL_EVENTS_COLLECTOR_HEALTH"]),
        ("jaeger", ["OTEL_EVENTS_JAEGER_HTTP"]),
    ],
)
def test_published_ports_are_those_that_are_listened_on(service, names):
    """A published port leads to an address on which the server listens for all of its container."""
    addresses = [setting(service, name) for name in names]

    assert [address for address in addresses if not address.startswith("0.0.0.0:")] == []
    ports = {port.rsplit(":", 1)[1] for port in SERVICES[service]["ports"]}
    assert {address.rsplit(":", 1)[1] for address in addresses} <= ports


def test_the_ports_given_as_numbers_agree_too():
    """Loki's port and the Collector's metrics port, which are settings of their own."""
    assert setting("loki", "OTEL_EVENTS_LOKI_HOST") == "0.0.0.0"
    assert SERVICES["loki"]["ports"] == [f"127.0.0.1:{setting('loki', 'OTEL_EVENTS_LOKI_PORT')}:3100"]
    metrics = setting("collector", "OTEL_EVENTS_COLLECTOR_METRICS_PORT")
    assert setting("collector", "OTEL_EVENTS_COLLECTOR_METRICS_HOST") == "0.0.0.0"
    assert f"127.0.0.1:{metrics}:{metrics}" in SERVICES["collector"]["ports"]


def test_the_servers_find_each_other():
    """The Collector and Grafana send to where Jaeger and Loki listen."""
    otlp_port = setting("jaeger", "OTEL_EVENTS_JAEGER_OTLP_LISTEN").rsplit(":", 1)[1]
    query_port = setting("jaeger", "OTEL_EVENTS_JAEGER_HTTP").rsplit(":", 1)[1]
    loki_port = setting("loki", "OTEL_EVENTS_LOKI_PORT")
    grafana = yaml.safe_load((CONFIGURATION / "grafana" / "datasources" / "otel-events.yaml").read_text())

    assert setting("collector", "OTEL_EVENTS_JAEGER_OTLP") == f"http://jaeger:{otlp_port}"
    assert setting("collector", "OTEL_EVENTS_LOKI_OTLP") == f"http://loki:{loki_port}/otlp"
    assert {source["type"]: source["url"] for source in grafana["datasources"]} == {
        "loki": f"http://loki:{loki_port}",
        "jaeger": f"http://jaeger:{query_port}",
    }


def test_natively_too_all_three_run_side_by_side_on_their_defaults():
    """Without any environment no two servers want the same port, everything listens on loopback and finds the rest."""
    listening = {name: value for name, value in DEFAULTS.items() if re.fullmatch(r"[\d.]+:\d+", value)}
    ports = [value.rsplit(":", 1)[1] for value in listening.values()]
    ports += [DEFAULTS[name] for name in DEFAULTS if name.endswith("_PORT")]

    assert {value.split(":")[0] for value in listening.values()} == {"127.0.0.1"}
    assert len(ports) == len(set(ports))
    assert DEFAULTS["OTEL_EVENTS_JAEGER_OTLP"] == f"http://{DEFAULTS['OTEL_EVENTS_JAEGER_OTLP_LISTEN']}"
    assert DEFAULTS["OTEL_EVENTS_LOKI_OTLP"] == f"http://127.0.0.1:{DEFAULTS['OTEL_EVENTS_LOKI_PORT']}/otlp"


@pytest.mark.parametrize(
    ("service", "directory"),
    [
        ("collector", "OTEL_EVENTS_DATA_DIR"),
        ("collector", "OTEL_EVENTS_QUEUE_DIR"),
        ("jaeger", "OTEL_EVENTS_JAEGER_DIR"),
        ("loki", "OTEL_EVENTS_LOKI_DIR"),
    ],
)
def test_what_is_kept_is_kept_in_a_volume(service, directory):
    """The directory that a server writes to lies in a named volume, so it outlives the container."""
    kept = [target for source, target, _ in mounts(service) if not source.startswith(".")]

    assert any(f"{setting(service, directory)}/".startswith(f"{target}/") for target in kept)


def test_every_image_is_pinned_exactly_and_matches_what_is_built():
    """Three-part versions, those of the native builds where there is one."""
    images = {name: service["image"].rsplit(":", 1) for name, service in SERVICES.items()}

    assert [image for image in images.values() if not re.fullmatch(r"\d+\.\d+\.\d+", image[1])] == []
    assert images["collector"][1] == COLLECTOR.version
    assert f"v{images['loki'][1]}" == LOKI.version
    # Jaeger's module 1.76.0 is its program 2.13.0, and both go up by one with each release.
    assert JAEGER.version == "v1.76.0"
    assert images["jaeger"][1] == "2.13.0"


def test_every_service_is_watched():
    """Each service has a health check, its own or, where its image cannot, one that asks from beside it."""
    watched = {name for name, service in SERVICES.items() if "healthcheck" in service}

    assert set(SERVICES) - watched == {"collector"}
    port = setting("collector", "OTEL_EVENTS_COLLECTOR_HEALTH").rsplit(":", 1)[1]
    assert f"http://collector:{port}/" in SERVICES["collector-health"]["healthcheck"]["test"]
    jaegers = setting("jaeger", "OTEL_EVENTS_JAEGER_HEALTH").rsplit(":", 1)[1]
    assert f"http://127.0.0.1:{jaegers}/status" in SERVICES["jaeger"]["healthcheck"]["test"]


def test_every_setting_given_is_one_that_a_file_reads():
    """A misspelt variable would be ignored without a word."""
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}

    assert {name for name in given if name.startswith("OTEL_EVENTS_")} <= set(DEFAULTS)


def test_overlays_touch_no_list_of_the_base():
    """Joined files replace each other's lists, so an overlay brings pipelines of its own and no extensions."""
    base = yaml.safe_load((CONFIGURATION / "collector.yaml").read_text())

    for name in ("jaeger.yaml", "loki.yaml"):
        overlay = yaml.safe_load((CONFIGURATION / name).read_text())
        assert set(overlay["service"]) == {"pipelines"}
        assert not set(overlay["service"]["pipelines"]) & set(base["service"]["pipelines"])


def test_every_setting_is_explained():
    """docs/collector.md has a row for every variable that the files read, with its default."""
    text = (REPOSITORY / "docs" / "collector.md").read_text()

    assert [name for name, default in DEFAULTS.items() if f"| `{name}` | `{default}` |" not in text] == []
