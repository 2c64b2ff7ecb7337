"""Packets of Socket.IO's clients: which of them are understood here."""

from __future__ import annotations

from socketio import packet

_RESERVED = frozenset({"connect", "disconnect"})  # what the library itself calls its handlers by
_WITHOUT_DATA = frozenset({packet.CONNECT, packet.DISCONNECT})
# What reading nonsense may raise.
UNREADABLE = (ValueError, TypeError, LookupError, RecursionError)


def is_understood(said: object) -> bool:
    """Tell whether a message is a greeting, a farewell or an event with a name; nothing here is binary, or asks to be acknowledged."""
    if not isinstance(said, str):
        return False
    try:
        read = packet.Packet(encoded_packet=said)
    except UNREADABLE:
        return False
    if read.packet_type != packet.EVENT:
        return read.packet_type in _WITHOUT_DATA
    name = read.data[0] if isinstance(read.data, list) and read.data else None
    return isinstance(name, str) and name not in _RESERVED
