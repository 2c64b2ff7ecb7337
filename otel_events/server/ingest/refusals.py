"""Why a request is not taken, in the words of HTTP and of gRPC."""

from __future__ import annotations

from otel_events.errors import OtelEventsError


class RefusedError(OtelEventsError):
    """A request is not taken; the message says why.

    Attributes:
        status: of HTTP.
        code: of gRPC, a number.
        reason: a word for the counts.
        retry_after: seconds after which the same may be sent again; None: never.
    """

    def __init__(self, problem: str, *, status: int, code: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(problem)
        self.status = status
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


def malformed(problem: str) -> RefusedError:
    """Return the refusal of what cannot be read."""
    return RefusedError(problem, status=400, code=3, reason="malformed")


def too_large(most: int) -> RefusedError:
    """Return the refusal of what is longer than *most* bytes."""
    return RefusedError(
        f"a request may have {most:,} bytes, before and after it is expanded; send smaller batches",
        status=413,
        code=8,
        reason="too_large",
    )


def too_many() -> RefusedError:
    """Return the refusal of what holds more records, or values, than are taken at once."""
    return RefusedError(
        "a request may have 100,000 records, in JSON 500,000 values; send smaller batches",
        status=413,
        code=8,
        reason="too_many",
    )


def unsupported(problem: str) -> RefusedError:
    """Return the refusal of a form that nobody here reads."""
    return RefusedError(problem, status=415, code=12, reason="unsupported")


def busy() -> RefusedError:
    """Return the refusal of what comes faster than it can be stored."""
    return RefusedError("more comes in than can be stored just now", status=429, code=14, reason="busy", retry_after=1)


def unavailable(problem: str) -> RefusedError:
    """Return the refusal of what cannot be stored just now."""
    return RefusedError(problem, status=503, code=14, reason="unavailable", retry_after=10)
