"""Say what any Python object is made of, one level deep, without trusting it.

Objects are asked through their type, never through `isinstance`: an object's `__class__`, `__len__`, `__iter__` and
`__getattr__` are the program's code and may raise, lie or wait for a GPU. What such code raises travels on from here;
`otel_events.values` turns it into a mark.
"""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime as dt
import enum
import pathlib
import sys
import types
import uuid
from collections import abc
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL_ARRAY = 64  # elements: up to here an array's numbers say more than its shape does

# Where a `repr` may read numbers back from a device, which makes the program wait for its GPU.
_DEVICE_LIBRARIES = frozenset({"torch", "jax", "jaxlib", "tensorflow", "cupy", "mlx", "tinygrad"})
_DEVICE_WORDS = frozenset({"dtype", "device", "DType"})  # these only name something

# Read past metaclasses that define these names themselves.
_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_name: Callable[[type], str] = type.__dict__["__name__"].__get__


class Bounds(NamedTuple):
    """How much of one value is taken, so that no value can hold up the thread that hands it in.

    Attributes:
        depth: containers inside each other.
        items: items of one container.
        nodes: items of all containers together.
        text: characters of what `str()` says of an object of unknown kind.
        size: characters of long texts and bytes of data, together.
    """

    depth: int = 8
    items: int = 1_000
    nodes: int = 10_000
    text: int = 4_096
    size: int = 1_048_576


class Unordered(list[Any]):
    """The items of a set, whose order means nothing."""


Reader: TypeAlias = "Callable[[Any, Bounds], Any]"


def read(value: object, bounds: Bounds) -> Any:
    """Return *value* as a plain scalar, or as a fresh list or dict of its parts as they are; may raise anything.

    A container comes back with at most one item more than *bounds* allow, so that a cut shows.
    """
    kind = type(value)
    reader = _READERS.get(id(kind))
    if reader is None:
        reader = _find_reader(value, kind)
    return reader(value, bounds)


def type_name(kind: type) -> str:
    """Return the bare name of a class, whatever its metaclass says."""
    return _name(kind)[:200]


def _find_reader(value: object, kind: type) -> Reader:
    for base in _mro(kind)[1:]:
        reader = _READERS.get(id(base))
        if reader is not None:
            return reader
    return _late_reader(kind) or _numpy_reader(kind) or _shaped_reader(value, kind) or _record_reader(kind) or _describe


def _late_reader(kind: type) -> Reader | None:
    """Look among classes of modules that take long to import: whoever has a value of theirs has imported them."""
    for (module, name), reader in _LATE.items():
        known = getattr(sys.modules.get(module), name, None)
        if any(base is known for base in _mro(kind)):
            _READERS[id(known)] = reader
            return reader
    return None


def _numpy_reader(kind: type) -> Reader | None:
    numpy = sys.modules.get("numpy")  # not imported: then nobody has a value of its types
    if numpy is None:
        return None
    for base in _mro(kind):
        if base is getattr(numpy, "generic", None):
            return _read_numpy_scalar
        if base is getattr(numpy, "ndarray", None):
            return _read_numpy_array
    return None


def _read_numpy_scalar(value: Any, _: Bounds) -> Any:
    if value.dtype.kind in "mM":
        return str(value)  # item() makes nanoseconds a bare number
    item = value.item()
    if type(item) in _SCALARS:
        return item
    return float(value) if value.dtype.kind == "f" else str(value)  # longdouble's item() is itself


def _read_numpy_array(value: Any, bounds: Bounds) -> Any:
    if value.size > SMALL_ARRAY:
        return _read_shape(value, bounds)
    numbers = (value.astype(str) if value.dtype.kind in "mM" else value).tolist()
    return numbers if type(numbers) in _SCALARS or type(numbers) is list else read(numbers, bounds)


def _shaped_reader(value: object, kind: type) -> Reader | None:
    """Tensors, data frames and whatever else has a shape: their content may be huge, or on a device."""
    own = _own_attributes(value)

    def has(name: str) -> bool:
        return hasattr(kind, name) or name in own

    return _read_shape if has("shape") and (has("dtype") or has("dtypes")) else None


def _own_attributes(value: object) -> dict[str, Any]:
    try:
        own = object.__getattribute__(value, "__dict__")
    except Exception:  # without a __dict__, or with one that raises
        return {}
    return own if type(own) is dict else {}


def _read_shape(value: Any, bounds: Bounds) -> dict[str, Any]:
    shape = [size if type(size) in _SCALARS else str(size) for size in islice(value.shape, bounds.items + 1)]
    if not hasattr(type(value), "dtypes"):
        return {"shape": shape, "dtype": str(value.dtype)}
    return {"shape": shape, "type": type_name(type(value))}  # a data frame: a type for each column


def _record_reader(kind: type) -> Reader | None:
    if hasattr(kind, "__dataclass_fields__"):
        return _read_dataclass
    if callable(getattr(kind, "model_dump", None)):
        return _read_model
    if hasattr(kind, "__attrs_attrs__"):
        return _read_attrs
    if hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        return _read_keys
    return None


def _read_dataclass(value: Any, bounds: Bounds) -> dict[str, Any]:
    return _read_fields(value, [each.name for each in dataclasses.fields(value) if each.repr], bounds)


def _read_attrs(value: Any, bounds: Bounds) -> dict[str, Any]:
    return _read_fields(value, [each.name for each in type(value).__attrs_attrs__ if each.repr], bounds)


def _read_fields(value: Any, names: list[str], bounds: Bounds) -> dict[str, Any]:
    # A field that was never set is no fact; one whose author keeps it out of the repr is not for showing.
    missing = object()
    read_out = {name: getattr(value, name, missing) for name in names[: bounds.items + 1]}
    return {name: item for name, item in read_out.items() if item is not missing}


def _read_model(value: Any, bounds: Bounds) -> Any:
    # The author's own serializers decide: they may mask or leave out fields.
    try:
        dump = value.model_dump(warnings=False)
    except TypeError:  # not pydantic's own, which has the keyword
        dump = value.model_dump()
    if type(dump) is dict:
        return _read_dict(dump, bounds)
    return _describe(dump, bounds) if type(dump) is type(value) else read(dump, bounds)


def _read_keys(value: Any, bounds: Bounds) -> dict[Any, Any]:
    return {key: value[key] for key in islice(value.keys(), bounds.items + 1)}


def _read_mapping(value: Any, bounds: Bounds) -> dict[Any, Any]:
    return dict(islice(value.items(), bounds.items + 1))


def _read_dict(value: dict[Any, Any], bounds: Bounds) -> dict[Any, Any]:
    # Past a subclass's own methods, and in one step, so that another thread's change cannot come in between.
    if type(value) is dict and len(value) <= bounds.items:
        return value.copy()
    return dict(islice(dict.items(value), bounds.items + 1))


def _read_list(value: list[Any], bounds: Bounds) -> list[Any]:
    return list.__getitem__(value, slice(0, bounds.items + 1))


def _read_tuple(value: tuple[Any, ...], bounds: Bounds) -> Any:
    items = list(tuple.__getitem__(value, slice(0, bounds.items + 1)))
    fields = getattr(type(value), "_fields", None)
    if type(fields) is tuple and len(fields) == tuple.__len__(value):
        return dict(zip(fields, items, strict=False))
    return items


def _read_items(value: Any, bounds: Bounds) -> list[Any]:
    return list(islice(value, bounds.items + 1))


def _read_set(value: Any, bounds: Bounds) -> Unordered:
    return Unordered(islice(value, bounds.items + 1))


def _read_namespace(value: Any, bounds: Bounds) -> dict[Any, Any]:
    return _read_dict(_own_attributes(value), bounds)


def _read_enum(value: enum.Enum, _: Bounds) -> Any:
    inner = value._value_
    return inner if type(inner) in _SCALARS else value._name_


def _read_exception(value: BaseException, _: Bounds) -> dict[str, Any]:
    return {"type": _qualified_name(type(value)), "message": _plain_text(value)}


def _read_buffer(value: memoryview, bounds: Bounds) -> bytes:
    return value.tobytes() if value.nbytes <= bounds.size else value.cast("B")[: bounds.size + 1].tobytes()


def _read_fraction(value: Any, _: Bounds) -> str:
    return f"{int_text(value.numerator)}/{int_text(value.denominator)}"


def int_text(value: int) -> str:
    """Return the digits of an integer, or of a monstrous one its size and leading digits, in no time."""
    bits = value.bit_length()
    if bits <= 2_048:  # 617 digits: below the least limit that Python allows for int to str
        return str(value)
    leading = abs(value) >> (bits - 61) // 4 * 4  # whole hexadecimal digits, sixteen or so
    return f"{'-' if value < 0 else ''}0x{leading:x}… ({bits} bits)"


def _qualified_name(value: Any, _: Bounds | None = None) -> str:
    name = getattr(value, "__qualname__", None) or value.__name__
    module = getattr(value, "__module__", None)
    return _plain_text(f"{module}.{name}" if type(module) is str and module != "builtins" else name)


def _describe(value: Any, _: Bounds) -> str:
    kind: Any = type(value)
    mute = (
        hasattr(kind, "__next__")  # whatever can be consumed is left alone
        or hasattr(kind, "__anext__")
        or hasattr(kind, "__await__")
        or (kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__)  # says nothing but an address
        or (str(kind.__module__).partition(".")[0] in _DEVICE_LIBRARIES and _name(kind) not in _DEVICE_WORDS)
    )
    return f"<{_qualified_name(kind)}>" if mute else Description(_plain_text(value))


class Description(str):
    """What `str()` says of an object of unknown kind: not asked for, so not kept at any length."""

    __slots__ = ()


def _plain_text(value: object, _: Bounds | None = None) -> str:
    return str.__str__(str(value))  # __str__ may return a subclass with methods of its own


_SCALARS: frozenset[type] = frozenset({str, int, float, bool, bytes, type(None)})

_TABLE: dict[type, Reader] = {
    **dict.fromkeys(_SCALARS, lambda value, _: value),
    str: lambda value, _: str.__str__(value),
    int: lambda value, _: int.__int__(value),
    float: lambda value, _: float.__float__(value),
    bytes: lambda value, _: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value, bounds: bytes(bytearray.__getitem__(value, slice(0, bounds.size + 1))),
    memoryview: _read_buffer,
    **dict.fromkeys((dt.datetime, dt.date, dt.time), lambda value, _: value.isoformat()),
    dt.timedelta: lambda value, _: float(value.total_seconds()),
    **dict.fromkeys((uuid.UUID, pathlib.PurePath, complex, collections.UserString), _plain_text),
    enum.Enum: _read_enum,
    BaseException: _read_exception,
    list: _read_list,
    tuple: _read_tuple,
    dict: _read_dict,
    types.MappingProxyType: _read_mapping,
    abc.Mapping: _read_mapping,
    types.SimpleNamespace: _read_namespace,
    **dict.fromkeys((set, frozenset, abc.Set), _read_set),
    **dict.fromkeys((collections.deque, array.array, range, abc.Sequence), _read_items),
    **dict.fromkeys((type({}.keys()), type({}.values()), type({}.items())), _read_items),
    **dict.fromkeys((type, types.FunctionType, types.BuiltinFunctionType, types.MethodType), _qualified_name),
    types.ModuleType: lambda value, _: _plain_text(value.__name__),
}

_LATE: dict[tuple[str, str], Reader] = {
    ("decimal", "Decimal"): _plain_text,
    ("fractions", "Fraction"): _read_fraction,
}

# By identity: a metaclass may give classes a hash of their own.
_READERS: dict[int, Reader] = {id(kind): reader for kind, reader in _TABLE.items()}
