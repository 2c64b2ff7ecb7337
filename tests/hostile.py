"""Things that raise, lie or never end, whatever is asked of them."""

import enum
import logging
from collections.abc import Mapping


class Boom(Exception):
    pass


def _raise(*_args, **_kwargs):
    raise Boom


_DUNDERS = [
    *("__eq__", "__ne__", "__lt__", "__hash__", "__str__", "__repr__", "__bool__", "__len__", "__iter__", "__format__"),
    *("__getattr__", "__int__", "__float__", "__index__", "__contains__", "__getitem__", "__next__", "__reduce_ex__"),
    *("__enter__", "__call__", "__copy__", "__deepcopy__", "__sizeof__", "__fspath__", "__bytes__", "__dir__"),
]
_BODY = {**dict.fromkeys(_DUNDERS, _raise), "__class__": property(_raise), "__dict__": property(_raise)}


class HostileMeta(type):
    __eq__ = __hash__ = __getattr__ = __instancecheck__ = __subclasscheck__ = __str__ = __repr__ = __bool__ = _raise


Hostile = type("Hostile", (), dict(_BODY))
HostileText = type("HostileText", (str,), {key: value for key, value in _BODY.items() if key != "__dict__"})
HostileInt = type("HostileInt", (int,), {key: value for key, value in _BODY.items() if key != "__dict__"})
HostileDict = type("HostileDict", (dict,), {**_BODY, "items": _raise, "keys": _raise, "copy": _raise, "get": _raise})
HostileList = type("HostileList", (list,), dict(_BODY))
HostileError = type("HostileError", (Exception,), dict(_BODY))
HostileError.__traceback__ = property(_raise)
HostileError.__cause__ = property(_raise)
OfHostileMeta = HostileMeta("OfHostileMeta", (), {})


class HostileMapping(Mapping):
    __getitem__ = __iter__ = __len__ = items = keys = _raise


class EndlessMapping(Mapping):
    def __getitem__(self, key):
        return 1

    def __iter__(self):
        number = 0
        while True:
            number += 1
            yield str(number)

    def __len__(self):
        return 2**62


class LyingText(str):
    __slots__ = ()

    def __str__(self):
        return LyingText("another")

    def __len__(self):
        return -1  # noqa: PLE0303


class Word(enum.Enum):
    A = "a"
    __str__ = __repr__ = __format__ = __bool__ = _raise


class Typed:
    __otel_event__ = Hostile()
    __otel_fields__ = _raise


def _cycle():
    items = []
    items.append({"self": items})
    return items


def _deep():
    value = 1
    for _ in range(10_000):
        value = [value]
    return value


HOSTILE = [
    *(
        Hostile(),
        HostileText("x"),
        HostileInt(3),
        HostileDict(a=1),
        HostileList([1]),
        HostileError("x"),
        OfHostileMeta(),
    ),
    *(
        OfHostileMeta,
        HostileMapping(),
        EndlessMapping(),
        LyingText("x"),
        Typed(),
        Typed,
        _cycle(),
        _deep(),
        object(),
        object,
    ),
    *(Word.A, "\udcff", "", "a" * 2_000_000, b"\xff" * 2_000_000, 2**20_000, -(2**63) - 1, float("nan"), float("inf")),
    *(range(10**12), (x for x in ()), print, logging, NotImplemented, ..., memoryview(b"x"), {1: 2, None: 3, (): 4}),
    *({"k": Hostile()}, {"a": HostileMapping()}, (ValueError, ValueError("x"), None)),
    *((None, None, None), ("", "", ""), True, False, None, 10**400, "9" * 5000, "1e999", -1, 2**200 * 1.0),
]
