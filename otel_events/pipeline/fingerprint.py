"""What makes two events the same: for errors where they come from, for others what they say."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from otel_events.lazy_pattern import lazy_pattern
from otel_events.pipeline.summary import COUNT
from otel_events.whole_imports import whole_import

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.event import Event, Value

_FRAMES = 5
_FRAME = lazy_pattern(r'File "([^"\r\n]{1,1024})", line [0-9]{1,9}(?:, in ([^\r\n]{1,256}))?')
_SEPARATOR = lazy_pattern(r"[\\/]")
_MAX_TEXT = 2_048  # characters of a message that tell what it is about
_MAX_STACK = 32_768
# Longer forms first: a UUID has numbers in it.
# As a summary ends that stands for many equal ones.
_REPEATED = lazy_pattern(r" \(repeated [0-9]{1,12} times in [^()]{1,20}\)$")
_FOLDED = lazy_pattern(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|0[xX][0-9a-fA-F]{1,32}"
    r"|(?<![0-9A-Za-z])(?=[0-9a-fA-F]{0,63}[0-9])[0-9a-fA-F]{8,64}(?![0-9A-Za-z])"
    r"|[0-9]+(?:[.,:][0-9]+){0,8}"
)


def fingerprint(event: Event) -> str:
    """Return what is the same for events that say the same, a summary of such ones among them.

    Scope, severity, name, kind of error, top frames, and message and reason without their numbers; an exception's message
    takes the reason's place.
    """
    attributes = event.attributes
    error_type = attributes.get("exception.type", attributes.get("error.type", ""))
    stack = attributes.get("exception.stacktrace", attributes.get("stack_trace", attributes.get("traceback", "")))
    message = event.body if type(event.body) is str else ""
    if COUNT in attributes:
        message = _REPEATED.sub("", message)
    # Without an exception it is the reason that tells failures apart, as `task.fail("card refused")` gives it.
    detail = attributes.get("exception.message", "" if "exception.type" in attributes else attributes.get("reason", ""))
    # Two loggers that say the same have two troubles, and a fatal one is not the same as an error.
    origin = f"{event.scope.name}\1{event.severity}\1{event.name}"
    return _digest(
        origin, _text(error_type), _text(stack)[-_MAX_STACK:], message[:_MAX_TEXT], _text(detail)[:_MAX_TEXT]
    )


def fingerprint_by(event: Event, keys: Sequence[str]) -> str:
    """Return what is the same for events of one name with the same values of *keys*, or of all attributes if there are none."""
    everything = event.all_attributes()
    chosen = {key: everything.get(key) for key in keys} if keys else everything
    text = "\0".join(f"{key}\1{value!r}" for key, value in sorted(chosen.items()))
    return _hash(f"{event.name}\0{text}")


def stack_fingerprint(stacktrace: str) -> str:
    """Return the SHA-1 of the five innermost frames as `file::function|...`: no line numbers, no folders."""
    return _hash("|".join(_frames(stacktrace)))


def message_template(message: str) -> str:
    """Return *message* with each number and id folded into `#`."""
    return _FOLDED.sub("#", message[:_MAX_TEXT])


def _digest(origin: str, error_type: str, stack: str, message: str, detail: str) -> str:
    parts = (origin, error_type, *_frames(stack), message_template(message), message_template(detail))
    return _hash("\0".join(parts))


def _hash(text: str) -> str:
    with whole_import():
        import hashlib  # with all of OpenSSL, which a program without errors does without

    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=128)  # a storm comes from few places; a stack may have 16 KiB
def _frames(stacktrace: str) -> tuple[str, ...]:
    frames = _FRAME.findall(stacktrace)[-_FRAMES:]
    return tuple(f"{_SEPARATOR.split(file)[-1]}::{function}" for file, function in frames)


def _text(value: Value) -> str:
    return value if type(value) is str else ""
