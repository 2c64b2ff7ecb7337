"""Endpoints: what they accept, what they teach, and what they never show."""

import pytest

from otel_events.errors import ConfigurationError
from otel_events.otlp.endpoint import Endpoint


def test_all_problems_are_told_at_once_without_secrets():
    """Every mistake has its sentence, and no sentence shows a credential."""
    with pytest.raises(ConfigurationError) as raised:
        Endpoint(
            "ftp://me:hunter2@host:4318/v1/logs",
            protocol="http/json",
            timeout=0,
            compression="zstd",
            headers={"bad name": "hunter2", "authorization": "hunter2\r\n"},
            client_key_file="/nonexistent/key.pem",
        )

    assert len(raised.value.problems) == 8
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["localhost:4318", "http://", "http://host:port/", "http://[::1", "http://a b/", "", "http://h:0/"]
)
def test_urls_that_cannot_be_posted_to_are_refused(url):
    """A URL without scheme, host or readable port is an error with an example."""
    with pytest.raises(ConfigurationError):
        Endpoint(url)


def test_nothing_secret_is_shown():
    """Representation and address leave out user, password, query and headers."""
    endpoint = Endpoint("https://me:hunter2@host/v1/logs?key=hunter2", headers={"authorization": "hunter2"})

    assert endpoint.address == "https://host:443/v1/logs"
    assert "hunter2" not in repr(endpoint)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_what_is_on_this_machine_goes_uncompressed(host, is_loopback):
    """Unless set, compression is on for everything but loopback."""
    url = f"http://{host}:4318/v1/logs"

    assert Endpoint(url).is_loopback == is_loopback
    assert Endpoint(url).is_compressed == (not is_loopback)
    assert Endpoint(url, compression="gzip").is_compressed
    assert not Endpoint(url, compression="none").is_compressed


@pytest.mark.parametrize(
    ("url", "insecure", "address"),
    [
        ("http://collector:4317", False, "http://collector:4317"),
        ("https://collector:4317/ignored", True, "https://collector:4317"),
        ("collector:4317", True, "http://collector:4317"),
        ("collector:4317", False, "https://collector:4317"),
        ("[::1]:4317", True, "http://[::1]:4317"),
    ],
)
def test_grpc_takes_urls_and_bare_addresses(url, insecure, address):
    """The scheme decides on TLS; without one, `insecure` does."""
    assert Endpoint(url, protocol="grpc", insecure=insecure).address == address


def test_files_are_held_to_where_they_are_when_they_are_named(tmp_path, monkeypatch):
    """They are read again with every new connection, and a program may have changed its directory."""
    (tmp_path / "ca.pem").write_text("")
    monkeypatch.chdir(tmp_path)

    assert Endpoint("https://localhost", certificate_file="ca.pem").certificate_file == str(tmp_path / "ca.pem")
