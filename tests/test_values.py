"""What becomes of Python values on their way into an event."""

import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import sys
import types
import uuid

import numpy as np
import pydantic
import pytest

from otel_events.values import IMMUTABLE, clean, clean_text, freeze
from tests.odd_values import INT_MAX, INT_MIN, Color, Level, Plain, Point, Source, Tensor, Told, Word


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Model(pydantic.BaseModel):
    name: str
    key: pydantic.SecretStr = pydantic.SecretStr("hunter2")
    hidden: int = pydantic.Field(default=1, exclude=True)


class OwnTensor:
    def __init__(self):
        self.shape, self.dtype = (4,), "int8"


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (Color.RED, "red"),
        (Color.BLUE, "BLUE"),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        (Permission.READ | Permission.WRITE, 3),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.timezone.utc), "2026-01-02T03:04:05.000006+00:00"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.time(3, 4), "03:04:00"),
        (dt.timedelta(minutes=1, milliseconds=500), 60.5),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (pathlib.PureWindowsPath(r"C:\Users\x"), r"C:\Users\x"),
        (decimal.Decimal("1.10"), "1.10"),
        (fractions.Fraction(1, 3), "1/3"),
        (1 + 2j, "(1+2j)"),
        (Point(1, [2]), {"x": 1, "y": [2]}),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        (collections.deque([1, 2]), [1, 2]),
        (array.array("d", [1.5]), [1.5]),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.items(), [["a", 1]]),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (types.MappingProxyType({"a": {1}}), {"a": [1]}),
        (collections.ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}),
        (types.SimpleNamespace(a=1), {"a": 1}),
        (collections.UserString("x"), "x"),
        (collections.UserList([1]), [1]),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abc")[::2], b"ac"),
        ([b"\x00\xff"], [b"\x00\xff"]),
        (ValueError("bad", 1), {"type": "ValueError", "message": "('bad', 1)"}),
        (decimal.InvalidOperation("no"), {"type": "decimal.InvalidOperation", "message": "no"}),
        (dict, "dict"),
        (decimal.Decimal, "decimal.Decimal"),
        (math.sqrt, "math.sqrt"),
        (pathlib.Path.exists, "pathlib.Path.exists"),
        (math, "math"),
        (Told(), "told"),
        (..., "Ellipsis"),
        ("a\0b", "a\0b"),
        (None, None),
    ],
)
def test_a_value_of_the_standard_library_becomes_what_a_reader_expects(value, frozen):
    """Enums by value, times in ISO 8601, records as maps, collections as lists, the rest as text."""
    result = freeze(value)

    if value is pathlib.Path.exists:
        frozen = f"{value.__module__}.{value.__qualname__}"  # differs between versions of Python
    assert (type(result), result) == (type(frozen), frozen)


def test_dataclasses_and_models_become_maps_without_what_their_authors_hide():
    """Fields kept out of the repr, excluded from the dump or wrapped as secrets are not shown."""
    frozen = freeze({"d": Source("a.pdf", 0.5, ["x"]), "m": Model(name="n")})

    assert frozen == {
        "d": {"name": "a.pdf", "quality": 0.5, "tags": ["x"]},
        "m": {"name": "n", "key": "**********"},
    }


def test_a_dataclass_with_a_field_never_set_shows_the_others():
    """A field that was deleted or never set is left out."""
    source = Source("a", 1.0)
    del source.quality

    assert freeze(source) == {"name": "a", "tags": []}


def test_attrs_like_records_become_maps():
    """Whatever describes its fields as attrs does is read by them."""

    class Record:
        __attrs_attrs__ = (
            types.SimpleNamespace(name="a", repr=True),
            types.SimpleNamespace(name="b", repr=False),
        )
        a, b = 1, 2

    assert freeze(Record()) == {"a": 1}


def test_a_mapping_by_behaviour_alone_becomes_a_map():
    """Rows of databases are no mappings by class; keys() and [] are enough."""

    class Row:
        def keys(self):
            return ["a", "b"]

        def __getitem__(self, key):
            return key * 2

    assert freeze(Row()) == {"a": "aa", "b": "bb"}


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (np.int64(5), 5),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.bytes_(b"x"), b"x"),
        (np.complex64(1j), "1j"),
        (np.datetime64("2026-01-02T03:04:05.123456789"), "2026-01-02T03:04:05.123456789"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(1.5), 1.5),
        (np.array([Color.RED, None], dtype=object), ["red", None]),
        (np.array(["2026-01-02"], dtype="datetime64[ns]"), ["2026-01-02T00:00:00.000000000"]),
        (np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), [[1, 2.0]]),
        (np.ma.array([1, 2], mask=[0, 1]), [1, None]),
        (np.zeros(64).reshape(8, 8), [[0.0] * 8] * 8),
        (np.zeros((5, 13), dtype="float32"), {"shape": [5, 13], "dtype": "float32"}),
        (np.array([2**64 - 1], dtype="uint64"), [str(2**64 - 1)]),
        (np.dtype("float32"), "float32"),
    ],
    ids=repr,
)
def test_numpy_scalars_and_small_arrays_become_numbers_large_ones_their_shape(value, frozen):
    """Up to 64 elements an array is given whole, beyond that by shape and dtype."""
    result = freeze(value)

    assert (type(result), result) == (type(frozen), frozen)


def test_a_tensor_is_told_by_shape_and_dtype_and_never_read():
    """Reading a tensor back from a device makes the program wait, so nothing does."""
    frozen = freeze({"loss": Tensor(), "more": [OwnTensor()]})

    assert frozen == {"loss": {"shape": [2, 3], "dtype": "float32"}, "more": [{"shape": [4], "dtype": "int8"}]}


def test_objects_of_device_libraries_are_told_by_their_type():
    """A distribution's repr prints its tensors: its type has to do."""
    normal = type("Normal", (), {"__module__": "torch.distributions.normal", "__repr__": Tensor._sync})

    assert freeze(normal()) == "<torch.distributions.normal.Normal>"


def test_a_data_frame_is_told_by_its_shape():
    """A table has a type for each column, and may be huge."""
    frame = type("DataFrame", (), {"shape": (3, 2), "dtypes": ["i", "f"], "__repr__": Tensor._sync})

    assert freeze(frame()) == {"shape": [3, 2], "type": "DataFrame"}


def test_what_can_be_consumed_is_left_alone():
    """Generators, iterators, files and coroutines are the program's to read."""
    numbers = (n for n in range(3))
    items = iter([1, 2])

    async def wait():
        pass

    coroutine = wait()
    frozen = freeze([numbers, items, coroutine, map(str, [1])])
    coroutine.close()

    assert frozen == ["<generator>", "<list_iterator>", "<coroutine>", "<map>"]
    assert (list(numbers), list(items)) == ([0, 1, 2], [1, 2])


def test_an_object_that_says_nothing_but_its_address_is_told_by_its_type():
    """An address differs from run to run and helps nobody."""
    assert freeze(Plain()) == f"<{Plain.__module__}.Plain>"


def test_keys_become_text():
    """A map's keys are strings in OTLP."""
    frozen = freeze({1: "int", None: "none", Color.RED: "enum", (1, "a"): "tuple", b"k": "bytes", 1.5: "float"})

    assert frozen == {"1": "int", "None": "none", "red": "enum", "(1, 'a')": "tuple", "k": "bytes", "1.5": "float"}


def test_keys_that_become_the_same_text_are_told():
    """1 and "1" cannot both stay; the loss is reported."""
    cuts = []

    assert freeze({1: "a", "1": "b"}, on_cut=cuts.append) == {"1": "b"}
    assert cuts == ["keys"]


@pytest.mark.parametrize("convert", [clean, freeze])
def test_integers_beyond_64_bits_become_text(convert):
    """OTLP carries 64 bits; a larger integer keeps its digits, a monstrous one its size."""
    values = [INT_MAX, INT_MAX + 1, INT_MIN, INT_MIN - 1, 10**100_000, -(10**100_000)]

    assert [convert(value) for value in values] == [
        INT_MAX,
        "9223372036854775808",
        INT_MIN,
        "-9223372036854775809",
        f"{hex(10**100_000)[:18]}… (332193 bits)",
        f"-{hex(10**100_000)[:18]}… (332193 bits)",
    ]


def test_lone_surrogates_are_replaced_and_halves_of_a_pair_are_joined():
    """Text that no encoding can carry arrives readable, everywhere in a value."""
    assert freeze({"\ud800k": ["a\udcff", "\ud83d\ude00"]}) == {"\ufffdk": ["a\ufffd", "\U0001f600"]}
    assert clean("x\ud800") == clean_text("x\ud800") == "x\ufffd"
    assert clean("\0é") == "\0é"


def test_nan_and_infinities_stay():
    """They are floats of OTLP like any other."""
    assert str(freeze([math.nan, math.inf, -math.inf])) == "[nan, inf, -inf]"


def test_what_clean_is_given_immutable_it_turns_as_freeze_does():
    """Capture may pass these types on as they are: the pipeline finds the same values later."""
    samples = ["é\ud800", 2**70, 0.5, True, b"x", None, uuid.UUID(int=1)]
    samples += [dt.datetime(2026, 1, 1), dt.date(2026, 1, 1), dt.time(1), dt.timedelta(1)]

    assert {type(sample) for sample in samples} == IMMUTABLE
    assert [clean(sample) for sample in samples] == [freeze(sample) for sample in samples]


def test_numpy_and_pydantic_are_not_imported():
    """A program that does not use them does not pay for them."""
    import subprocess

    code = "import sys, otel_events.values as v; v.freeze([1, object()]); print(sorted({'numpy', 'pydantic'} & set(sys.modules)))"
    root = pathlib.Path(__file__).parents[1]

    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "[]"
