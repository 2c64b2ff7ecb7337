"""Whether an endpoint can be reached: name, TCP, TLS, and an answer to an empty request."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from otel_events.cli.diagnosis.finding import Finding
from otel_events.otlp.outcome import Accepted, Outcome, Retry, Unreachable
from otel_events.otlp.proxy import find_proxy
from otel_events.otlp.transport import make_transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.cli.diagnosis.finding import Level
    from otel_events.otlp.endpoint import Endpoint, Signal

_TOPIC = "endpoint"
_DAY = 86_400
_SOON = 14 * _DAY
_LARGEST_SKEW = 30.0  # seconds; backends refuse what comes from the future by more
# OpenSSL's numbers of what is wrong with a certificate.
_CERTIFICATE_ADVICE = {
    10: "the server's certificate has expired: have it renewed",
    18: "it is self-signed: give it as OTEL_EXPORTER_OTLP_CERTIFICATE",
    19: "its authority is not trusted here: give that as OTEL_EXPORTER_OTLP_CERTIFICATE",
    20: "its authority is not trusted here: give that as OTEL_EXPORTER_OTLP_CERTIFICATE",
    62: "it is for another name: use the name that the certificate has",
    64: "it is for another address: use the name that the certificate has",
}


class NotReachableError(Exception):
    """The way to the endpoint ends here; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an endpoint.

    Args:
        endpoint: where to.
        signal: what would be sent there.
        timeout: seconds for each step.
    """

    endpoint: Endpoint
    signal: Signal
    timeout: float

    def findings(self) -> Iterator[Finding]:
        """Yield what each step found; the first that fails ends the way."""
        try:
            yield from self._steps()
        except NotReachableError as error:
            yield error.finding

    def _steps(self) -> Iterator[Finding]:
        endpoint = self.endpoint
        try:
            proxy = find_proxy(endpoint)
        except OSError as error:
            raise self._stop(str(error), "correct http_proxy or https_proxy, or add the host to no_proxy") from error
        host, port = (endpoint.host, endpoint.port) if proxy is None else (proxy.host, proxy.port)
        if proxy is not None:
            text = f"requests go through the proxy {host}:{port}"
            yield Finding(_TOPIC, "note", text, f"no_proxy={endpoint.host} goes the direct way")
        with self._connect(host, port) as connection:
            yield self._found("ok", f"{host}:{port} can be reached (TCP)")
            if endpoint.is_secure and proxy is None:
                yield from self._check_tls(connection)
        yield self._check_answer()
        if proxy is None and endpoint.protocol == "http/protobuf":
            yield from self._check_clock()

    def _connect(self, host: str, port: int) -> socket.socket:
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise self._stop(
                f"the name {host!r} cannot be resolved: {getattr(error, 'strerror', None) or error}",
                "check the spelling; between containers the name is that of the service",
            ) from error
        try:
            return socket.create_connection((host, port), self.timeout)
        except TimeoutError as error:
            raise self._stop(
                f"{host}:{port} does not answer within {self.timeout:g} s",
                "a firewall may swallow it, or the address is wrong",
            ) from error
        except OSError as error:
            raise self._stop(
                f"nobody can be reached at {host}:{port}: {error.strerror or error}",
                "start the Collector (`docker compose up -d --wait`), or correct OTEL_EXPORTER_OTLP_ENDPOINT."
                " Until then events wait on disk",
            ) from error

    # -- TLS ---------------------------------------------------------------------------------------------------------

    def _check_tls(self, connection: socket.socket) -> Iterator[Finding]:
        try:
            with self._tls().wrap_socket(connection, server_hostname=self.endpoint.host) as stream:
                certificate, spoken = stream.getpeercert() or {}, stream.version()
        except ssl.SSLCertVerificationError as error:
            advice = _CERTIFICATE_ADVICE.get(error.verify_code, "see OTEL_EXPORTER_OTLP_CERTIFICATE")
            raise self._stop(f"the server's certificate is refused: {error.verify_message}", advice) from error
        except ssl.SSLError as error:
            raise self._stop(f"TLS fails: {error.reason or error}", self._tls_advice(error)) from error
        except OSError as error:
            raise self._stop(f"the connection breaks off in TLS: {error.strerror or error}", _SPEAK_PLAIN) from error
        yield self._found("ok", f"{spoken}, with a certificate that is trusted")
        with suppress(KeyError, ValueError):
            left = ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()
            if left < _SOON:
                text = f"the server's certificate expires in {left / _DAY:.1f} days"
                yield Finding(_TOPIC, "warning", text, "have it renewed")

    def _tls(self) -> ssl.SSLContext:
        endpoint = self.endpoint
        try:
            context = ssl.create_default_context(cafile=endpoint.certificate_file)
            if endpoint.protocol == "grpc":
                context.set_alpn_protocols(["h2"])
            if endpoint.client_certificate_file:
                context.load_cert_chain(endpoint.client_certificate_file, endpoint.client_key_file)
        except (ssl.SSLError, OSError) as error:
            raise self._stop(
                f"the certificate files cannot be used: {getattr(error, 'reason', None) or error}",
                "OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY are PEM files that belong together",
            ) from error
        return context

    @staticmethod
    def _tls_advice(error: ssl.SSLError) -> str:
        if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}:
            return _SPEAK_PLAIN
        if "CERTIFICATE_REQUIRED" in str(error) or "HANDSHAKE_FAILURE" in str(error):
            return "the server may want a client's certificate: OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY"
        return "see the server's log, and its TLS settings"

    # -- the answer --------------------------------------------------------------------------------------------------

    def _check_answer(self) -> Finding:
        """Send a request without a record: whoever speaks OTLP takes it."""
        endpoint = replace(self.endpoint, timeout=min(self.timeout, self.endpoint.timeout))
        transport = make_transport(endpoint, self.signal)
        begin = time.monotonic()
        try:
            outcome = transport.send(b"", None, begin + self.timeout)
        finally:
            transport.close()
        seconds = time.monotonic() - begin
        if isinstance(outcome, Accepted):
            return self._found(
                "ok", f"{endpoint.address} accepts {self.signal} by {endpoint.protocol} ({seconds * 1000:.0f} ms)"
            )
        text = f"{endpoint.address} does not take {self.signal} by {endpoint.protocol}: {outcome.reason}"
        if isinstance(outcome, Retry):
            return Finding(
                _TOPIC, "warning", text, "it asks for time: look at it again; until then events wait on disk"
            )
        raise self._stop(text, self._answer_advice(outcome))

    def _answer_advice(self, outcome: Outcome) -> str:
        reason = getattr(outcome, "reason", "")
        if "HTTP 401" in reason or "HTTP 403" in reason or "UNAUTHENTICATED" in reason or "PERMISSION" in reason:
            return "it wants other credentials: correct OTEL_EXPORTER_OTLP_HEADERS"
        if "HTTPS server" in reason or (isinstance(outcome, Unreachable) and self._speaks_tls()):
            return "it speaks TLS: write https:// in OTEL_EXPORTER_OTLP_ENDPOINT"
        if "HTTP 404" in reason or "HTTP 405" in reason:
            return "this is no receiver of OTLP, or its path is another: OTEL_EXPORTER_OTLP_ENDPOINT is the URL before /v1/logs"
        if self.endpoint.protocol == "grpc":
            return "if it speaks HTTP (port 4318 as a rule): OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
        if isinstance(outcome, Unreachable):
            return "if it speaks gRPC (port 4317 as a rule): OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
        return "see the receiver's log"

    def _speaks_tls(self) -> bool:
        if self.endpoint.is_secure:
            return False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is sent: only whether it would
        address = (self.endpoint.host, self.endpoint.port)
        try:
            with socket.create_connection(address, self.timeout) as plain, context.wrap_socket(plain):
                return True
        except OSError:
            return False

    # -- the clock ---------------------------------------------------------------------------------------------------

    def _check_clock(self) -> Iterator[Finding]:
        """Compare this machine's clock with the server's, by the Date of any answer; say nothing if there is none."""
        endpoint = self.endpoint
        try:
            if endpoint.is_secure:
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    endpoint.host, endpoint.port, timeout=self.timeout, context=self._tls()
                )
            else:
                connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=self.timeout)
            try:
                connection.request("HEAD", "/")  # without headers: they are for OTLP alone
                date = connection.getresponse().headers.get("Date")
            finally:
                connection.close()
            skew = parsedate_to_datetime(date).timestamp() - time.time() if date else None
        except (OSError, http.client.HTTPException, ValueError, TypeError):
            return
        if skew is None:
            return
        if abs(skew) > _LARGEST_SKEW:
            direction = "behind" if skew > 0 else "ahead of"
            text = f"this machine's clock is {abs(skew):,.0f} s {direction} the receiver's"
            yield Finding(
                "clock", "warning", text, "set it (NTP): backends refuse what comes from the future or is too old"
            )
        else:
            yield Finding("clock", "ok", "this machine's clock agrees with the receiver's")

    def _found(self, level: Level, text: str) -> Finding:
        return Finding(_TOPIC, level, text)

    def _stop(self, text: str, advice: str) -> NotReachableError:
        return NotReachableError(Finding(_TOPIC, "error", text, advice))


_SPEAK_PLAIN = "it speaks no TLS, as it seems: write http:// in OTEL_EXPORTER_OTLP_ENDPOINT"
