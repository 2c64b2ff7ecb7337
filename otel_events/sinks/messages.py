"""Messages that wait in a spool: each a line of JSON, with its uid and its subject before it."""

from __future__ import annotations

from typing import NamedTuple

_HEAD = str.maketrans(dict.fromkeys(map(chr, (*range(32), 127))))


class Message(NamedTuple):
    """One event as it goes out.

    Attributes:
        uid: of the event; may be empty.
        subject: where within the destination it goes; empty where there is but one place.
        payload: JSON, without a line break.
    """

    uid: str
    subject: str
    payload: bytes


def write_message(message: Message) -> bytes:
    """Return *message* as a line. Bodies of several lines can be joined and halved."""
    head = f"{message.uid.translate(_HEAD)}\t{message.subject.translate(_HEAD)}\t"
    return head.encode(errors="replace") + message.payload + b"\n"


def read_messages(body: bytes) -> list[Message]:
    """Return the messages in *body*."""
    parted = (line.split(b"\t", 2) for line in body.split(b"\n") if line)
    return [Message(uid.decode(), subject.decode(), payload) for uid, subject, payload in parted]


def halve_messages(body: bytes) -> tuple[tuple[bytes, int], tuple[bytes, int]] | None:
    """Return the two halves of *body* with their counts; None if it holds one message."""
    lines = [line + b"\n" for line in body.split(b"\n") if line]
    middle = len(lines) // 2
    if not middle:
        return None
    return (b"".join(lines[:middle]), middle), (b"".join(lines[middle:]), len(lines) - middle)
