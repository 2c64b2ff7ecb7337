"""The settings of the sinks that send messages: Redis, NATS, webhook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from otel_events.settings import kinds, pairs
from otel_events.settings.kinds import Kind, UnusableError
from otel_events.settings.setting import Setting, variables

if TYPE_CHECKING:
    from collections.abc import Callable

_SHAPES = kinds.one_of("line", "flat", "broadcast")


def _urls(expects: str, schemes: str) -> Kind:
    pattern = re.compile(rf"(?:{schemes})://\S+", re.IGNORECASE)

    def accept(value: object) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not pattern.fullmatch(text):
            raise UnusableError
        return text

    return Kind(expects, accept, accept, secret=True)


def _or_function(kind: Kind) -> Kind:
    def accept(value: Any) -> Any:
        return value if callable(value) else kind.accept(value)

    return Kind(f"{kind.expects}, or a function", kind.read, accept, kind.choices)


def _accept_none(accept: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: (
        None if value is False or (isinstance(value, str) and value.lower() == "off") else accept(value)
    )


def _or_off(kind: Kind) -> Kind:
    """Return *kind* with `False`, as text `off`, for none."""
    return Kind(f"{kind.expects}, or 'off'", _accept_none(kind.read), _accept_none(kind.accept))


def _of(sink: str, name: str, kind: Kind, default: Any, doc: str, **more: Any) -> Setting:
    return Setting(
        f"{sink}.{name}", kind, default, doc, variables(f"OTEL_EVENTS_{sink.upper()}_{name.upper()}"), **more
    )


def _common(sink: str, timeout: float) -> tuple[Setting, ...]:
    return (
        _of(
            sink,
            "shape",
            _or_function(_SHAPES),
            "line",
            "What a message says: `line` (of the ledger), `flat`, `broadcast`; in code a function too.",
        ),
        _of(sink, "timeout", kinds.WAIT, timeout, "Longest time of one attempt.", unit="seconds"),
        _of(sink, "certificate", kinds.PATH, None, "File of the certificates to trust.", default_text="the system's"),
        _of(sink, "client_certificate", kinds.PATH, None, "File of the client's certificate, for mutual TLS."),
        _of(sink, "client_key", kinds.PATH, None, "File of the client's private key."),
    )


REDIS = (
    _of(
        "redis",
        "url",
        _urls("a URL of one server, such as 'redis://localhost:6379' (not of a Sentinel or a Cluster)", "rediss?|unix"),
        None,
        "Redis to which events go as well; `rediss://` with TLS.",
    ),
    _of("redis", "channel", _or_off(kinds.TEXT), "v5:events", "Channel to publish on; `off` for none."),
    _of("redis", "stream", _or_off(kinds.TEXT), "v5:stream", "Stream to add to; `off` for none."),
    _of(
        "redis",
        "stream_max_entries",
        kinds.SIZE_OR_OFF,
        10_000,
        "About how many entries the stream keeps; 0 for all.",
    ),
    *_common("redis", 5.0),
)

NATS = (
    _of(
        "nats",
        "url",
        _urls("a URL such as 'nats://localhost:4222'", "nats|tls"),
        None,
        "NATS to which events go as well; `tls://` with TLS. Several with commas between.",
    ),
    _of(
        "nats",
        "subject",
        _or_function(kinds.TEXT),
        "events.{event}",
        "Subject to publish on; `{event}` in it is the event's name.",
    ),
    _of("nats", "stream", kinds.TEXT, None, "Stream of JetStream, made if it is not there.", default_text="core NATS"),
    _of("nats", "credentials", kinds.PATH, None, "File of credentials (`.creds`), or of an NKey's seed (`.nk`)."),
    *_common("nats", 5.0),
)

WEBHOOK = (
    _of(
        "webhook",
        "url",
        _urls("a URL such as 'https://example.org/events'", "https?"),
        None,
        "URL to which events are posted as well.",
    ),
    _of(
        "webhook",
        "headers",
        pairs.HEADERS,
        {},
        "Headers of every request; in the environment `name=value,name=value`, percent-encoded.",
        is_merged=True,
    ),
    _of(
        "webhook",
        "secret",
        Kind("a text that is not empty", kinds.TEXT.read, kinds.TEXT.accept, secret=True),
        None,
        "Key by which each request is signed; `whsec_` and base64, or any text.",
        default_text="not signed",
    ),
    _of(
        "webhook",
        "batch",
        kinds.whole_number(1),
        1,
        "1 posts each event as an object, more posts arrays of up to so many.",
    ),
    *_common("webhook", 10.0),
)

MESSAGES = (*REDIS, *NATS, *WEBHOOK)
