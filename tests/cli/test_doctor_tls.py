"""`doctor` on TLS: what is wrong with a certificate, and which variable mends it."""

from __future__ import annotations

import ssl

import pytest

from tests import acceptor


@pytest.fixture(scope="module")
def authority():
    return pytest.importorskip("trustme", reason="makes the certificates").CA()


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_a_trusted_certificate_is_well(look, authority, tmp_path):
    """Given as OTEL_EXPORTER_OTLP_CERTIFICATE."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with acceptor.HttpAcceptor(server_context(authority.issue_cert("127.0.0.1"))) as receiver:
        found = look(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"https://127.0.0.1:{receiver.port}",
            OTEL_EXPORTER_OTLP_CERTIFICATE=str(tmp_path / "ca.pem"),
        )

    assert found.bad == []
    assert any("certificate that is trusted" in finding.text for finding in found.endpoint)


@pytest.mark.parametrize(
    ("names", "is_trusted", "said", "advice"),
    [
        (["127.0.0.1"], False, "issuer", "OTEL_EXPORTER_OTLP_CERTIFICATE"),
        (["other.example"], True, "mismatch", "use the name that the certificate has"),
    ],
)
def test_a_bad_certificate_is_told_with_what_to_do(look, authority, tmp_path, names, is_trusted, said, advice):
    """What is wrong with it, and which variable mends that."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trusted = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(tmp_path / "ca.pem")} if is_trusted else {}
    with acceptor.HttpAcceptor(server_context(authority.issue_cert(*names))) as receiver:
        (finding,) = look(OTEL_EXPORTER_OTLP_ENDPOINT=f"https://127.0.0.1:{receiver.port}", **trusted).bad

    assert said in finding.text
    assert advice in finding.advice


def test_an_expired_certificate_is_told(look, authority, tmp_path):
    """A renewal is what it needs."""
    from datetime import datetime, timezone

    expired = authority.issue_cert(
        "127.0.0.1",
        not_before=datetime(2020, 1, 1, tzinfo=timezone.utc),
        not_after=datetime(2020, 1, 2, tzinfo=timezone.utc),
    )
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with acceptor.HttpAcceptor(server_context(expired)) as receiver:
        (finding,) = look(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"https://127.0.0.1:{receiver.port}",
            OTEL_EXPORTER_OTLP_CERTIFICATE=str(tmp_path / "ca.pem"),
        ).bad

    assert "expired" in finding.text
    assert "renewed" in finding.advice


def test_tls_where_there_is_none_is_recognised(look):
    """https:// to a receiver that speaks HTTP."""
    with acceptor.HttpAcceptor() as receiver:
        (finding,) = look(OTEL_EXPORTER_OTLP_ENDPOINT=f"https://127.0.0.1:{receiver.port}").bad

    assert "http://" in finding.advice


def test_no_tls_where_it_is_wanted_is_recognised(look, authority):
    """http:// to a receiver that speaks TLS."""
    with acceptor.HttpAcceptor(server_context(authority.issue_cert("127.0.0.1"))) as receiver:
        found = look(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}").bad

    assert {"https://" in finding.advice for finding in found} == {True}


def test_a_certificate_file_that_is_none_is_told(look, tmp_path):
    """Missing, or no PEM."""
    (tmp_path / "ca.pem").write_text("nonsense")
    with acceptor.HttpAcceptor() as receiver:
        endpoint = f"https://127.0.0.1:{receiver.port}"
        nonsense = look(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_CERTIFICATE=str(tmp_path / "ca.pem"))
        missing = look(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_CERTIFICATE=str(tmp_path / "no.pem"))

    assert any("certificate files cannot be used" in finding.text for finding in nonsense.bad)
    assert any("no.pem" in finding.text and "cannot be read" in finding.text for finding in missing.bad)
