"""What becomes of Python values on their way into an event."""
# ruff: noqa: PLE0303, PLE0307, SLOT000  # the hostile objects break these rules on purpose

import array
import collections
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import sys
import types
import uuid
from typing import NamedTuple

import numpy as np
import orjson
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_events.values import DEFAULT_BOUNDS, IMMUTABLE, Bounds, clean, clean_text, cut_text, estimate, freeze
from tests.effort import examples

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class Color(enum.Enum):
    RED = "red"
    BLUE = (0, 0, 255)


class Level(enum.IntEnum):
    HIGH = 3


class Word(str, enum.Enum):
    YES = "yes"


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


@dataclasses.dataclass
class Source:
    name: str
    quality: float
    tags: list[str] = dataclasses.field(default_factory=list)
    password: str = dataclasses.field(default="hunter2", repr=False)


class Model(pydantic.BaseModel):
    name: str
    key: pydantic.SecretStr = pydantic.SecretStr("hunter2")
    hidden: int = pydantic.Field(default=1, exclude=True)


class Point(NamedTuple):
    x: object
    y: object


class Plain:
    pass


class Told:
    def __str__(self):
        return "told"


class Tensor:
    """Has the outside of a tensor on a device; whoever looks inside makes the program wait."""

    shape = (2, 3)
    dtype = "float32"
    device = "cuda:0"

    def _sync(self, *_args):
        raise AssertionError("read back from the device")

    __repr__ = __str__ = __array__ = __iter__ = __len__ = __bool__ = __float__ = __eq__ = _sync
    __hash__ = None
    item = tolist = cpu = numpy = _sync


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
    assert freeze(Plain()) == f"<{__name__}.Plain>"


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


def test_cycles_end_in_a_mark():
    """A list inside itself, a map through an object: told once, followed never."""
    items = [1]
    items.append(items)
    namespace = types.SimpleNamespace()
    namespace.me = {"again": namespace}

    assert freeze([items, namespace]) == [[1, "<cycle>"], {"me": {"again": "<cycle>"}}]


def test_the_same_object_twice_is_no_cycle():
    """Only what contains itself is one."""
    shared = [1]

    assert freeze([shared, shared]) == [[1], [1]]


def test_depth_ends_in_a_mark():
    """Eight containers inside each other are kept, a ten-thousandth is not even looked at."""
    deep = "bottom"
    for _ in range(10_000):
        deep = [deep]
    cuts = []

    assert freeze(deep, on_cut=cuts.append) == [[[[[[[["<too deep>"]]]]]]]]
    assert cuts == ["depth"]


def test_many_items_end_in_a_mark_that_says_how_many_more():
    """A long list or map shows its beginning and what is missing."""
    bounds = Bounds(items=3)
    cuts = []

    frozen = freeze(
        {"l": list(range(10)), "d": dict.fromkeys("abcde"), "s": set("a")}, bounds=bounds, on_cut=cuts.append
    )

    assert frozen == {"l": [0, 1, "… 8 more"], "d": {"a": None, "b": None, "…": "3 more"}, "s": ["a"]}
    assert cuts == ["items", "items"]


def test_items_of_all_containers_together_are_bounded():
    """What multiplies itself by sharing ends too."""
    value = ["x"] * 10
    for _ in range(7):
        value = [value] * 10

    frozen = freeze(value)

    assert count_nodes(frozen) <= DEFAULT_BOUNDS.nodes


def test_text_and_data_inside_containers_are_bounded_together():
    """Megabytes do not hold up the caller; the cut shows."""
    cuts = []

    frozen = freeze(["é" * 3_000, bytearray(b"x" * 9_000), "e" * 5_000], bounds=Bounds(size=8_000), on_cut=cuts.append)

    assert frozen == ["é" * 3_000, b"x" * 4_997 + "…".encode(), "…"]
    assert cuts == ["text", "text"]


def test_what_an_unknown_object_says_is_cut():
    """str() of an object may be a novel."""

    class Novel:
        def __str__(self):
            return "x" * 10_000

    assert freeze(Novel()) == "x" * 4_095 + "…"


def raising(*_args, **_kwargs):
    raise RuntimeError("no")


class Liar(list):
    def __len__(self):
        return -5

    __iter__ = __getitem__ = raising


class LyingText(str):
    __str__ = __repr__ = __len__ = encode = isascii = raising


class LyingMap(dict):
    items = keys = values = __iter__ = __len__ = __getitem__ = raising


class BadClass:
    __class__ = property(raising)
    __getattribute__ = raising
    __repr__ = raising


class Unhashable(type):
    __hash__ = None
    __eq__ = raising
    __name__ = property(raising)


class BadMeta(metaclass=Unhashable):
    __str__ = raising


class Endless(collections.abc.Mapping):
    def __len__(self):
        return 1

    def __iter__(self):
        n = 0
        while True:
            yield n
            n += 1

    def __getitem__(self, key):
        return self


class SelfDumping:
    def model_dump(self):
        return self


class DumpsAnother:
    def model_dump(self):
        return DumpsAnother()


class BadModel:
    def model_dump(self, **_):
        raise RecursionError


class BadKeys:
    keys = "not callable"

    def __getitem__(self, key):
        return key


class BadShape:
    shape = property(raising)
    dtype = "x"


class BadError(Exception):
    __str__ = raising


class BadText:
    def __str__(self):
        return 5


class OutOfMemory:
    def __repr__(self):
        raise MemoryError


class BadZone(dt.tzinfo):
    utcoffset = raising


HOSTILE = {
    "Liar": lambda: Liar([1, 2]),
    "LyingText": lambda: LyingText("said"),
    "LyingMap": lambda: LyingMap(a=1),
    "BadClass": BadClass,
    "BadMeta": BadMeta,
    "Endless": Endless,
    "SelfDumping": SelfDumping,
    "DumpsAnother": DumpsAnother,
    "BadModel": BadModel,
    "BadKeys": BadKeys,
    "BadShape": BadShape,
    "BadError": BadError,
    "BadText": BadText,
    "OutOfMemory": OutOfMemory,
    "BadZone": lambda: dt.datetime(2026, 1, 1, tzinfo=BadZone()),
    "Tensor": Tensor,
}


@pytest.mark.parametrize(
    "name", ["BadClass", "BadMeta", "BadModel", "BadKeys", "BadShape", "BadError", "BadText", "OutOfMemory"]
)
def test_an_object_whose_code_raises_is_named_as_unprintable(name):
    """Only the broken value is lost, its neighbours stay, and the loss is told."""
    cuts = []

    assert freeze([1, HOSTILE[name](), 2], on_cut=cuts.append) == [1, f"<unprintable {name}>", 2]
    assert cuts == ["unprintable"]


def test_subclasses_of_plain_types_are_read_past_their_own_methods():
    """A list that lies about its length is still the list it is."""
    frozen = freeze([Liar([1, 2]), LyingText("said"), LyingMap(a=1)])

    assert frozen == [[1, 2], "said", {"a": 1}]
    assert [type(item) for item in frozen] == [list, str, dict]


def test_an_object_that_dumps_itself_ends():
    """A model whose dump is one more model is not followed."""
    assert freeze(SelfDumping()) == freeze(DumpsAnother()).replace("DumpsAnother", "SelfDumping")


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_asks_the_program_to_end_passes(signal):
    """Ctrl-C while a value is read belongs to the program."""

    class Interrupted:
        def __str__(self):
            raise signal

    with pytest.raises(signal):
        freeze([Interrupted()])


def test_freeze_near_the_end_of_the_stack_raises_nothing():
    """Wherever the recursion limit strikes inside, the caller gets a value."""

    def descend(results):
        with contextlib.suppress(RecursionError):
            descend(results)
        results.append(freeze({"a": [Source("x", 1.0)]}))

    results = []
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        descend_from_below(descend, results)
    finally:
        sys.setrecursionlimit(limit)

    assert results[-1] == {"a": [{"name": "x", "quality": 1.0, "tags": []}]}


def descend_from_below(descend, results):
    try:
        descend(results)
    except RecursionError:  # freeze() itself had no frame left: that is the caller's own stack
        results.append(freeze({"a": [Source("x", 1.0)]}))


def test_the_copy_is_detached():
    """What the program changes afterwards does not change the event."""
    source = {
        "l": [1, [2]],
        "d": {"x": {"y": 1}},
        "a": np.array([1]),
        "b": bytearray(b"x"),
        "s": Source("a", 1.0, ["t"]),
    }
    frozen = freeze(source)
    before = repr(frozen)

    source["l"][1].append(3)
    source["l"].append(4)
    source["d"]["x"]["y"] = 2
    source["a"][0] = 9
    source["b"][0] = 0
    source["s"].tags.append("u")

    assert repr(frozen) == before


def test_the_source_is_left_as_it_was():
    """Nothing is changed in the program's own objects."""
    inner = types.SimpleNamespace(data={"k": (1, 2)})
    source = {"a": [Color.RED, {1}], 2: inner, "big": list(range(5_000))}

    freeze(source)

    assert source == {"a": [Color.RED, {1}], 2: inner, "big": list(range(5_000))}
    assert inner.data == {"k": (1, 2)}


def count_nodes(value):
    if type(value) is list:
        return len(value) + sum(map(count_nodes, value))
    if type(value) is dict:
        return len(value) + sum(map(count_nodes, value.values()))
    return 0


def is_value(value):
    if type(value) is list:
        return all(map(is_value, value))
    if type(value) is dict:
        return all(type(key) is str and is_value(key) for key in value) and all(map(is_value, value.values()))
    if type(value) is str:
        return value.encode() is not None
    if type(value) is int:
        return INT_MIN <= value <= INT_MAX
    return type(value) in (float, bool, bytes, type(None))


texts = st.text(st.characters(exclude_categories=()), max_size=30)
scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(min_value=2**2000) | st.floats() | texts | st.binary()
    | st.datetimes() | st.dates() | st.times() | st.timedeltas() | st.uuids() | st.decimals() | st.fractions()
    | st.complex_numbers() | st.sampled_from([*Color, *Level, *Word, Plain, len, math, ..., Told(), Plain()])
    | st.builds(bytearray, st.binary()) | st.builds(np.float32, st.floats(width=32))
    | st.builds(lambda name: HOSTILE[name](), st.sampled_from(sorted(HOSTILE.keys() - {"BadMeta"})))  # which hypothesis cannot stand
)  # fmt: skip
keys = texts | st.integers() | st.none() | st.sampled_from([*Color]) | st.tuples(st.integers(), texts)


def containers(inner):
    return (
        st.lists(inner, max_size=8)
        | st.dictionaries(keys, inner, max_size=8)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(collections.deque)
        | st.frozensets(keys, max_size=3)
        | st.builds(Point, inner, inner)
        | st.builds(Source, inner, inner)
        | st.builds(lambda item: types.SimpleNamespace(it=item), inner)
        | st.builds(ValueError, inner)
        | st.lists(inner, max_size=4).map(Liar)
    )


anything = st.recursive(scalars, containers, max_leaves=30)
small_bounds = st.builds(
    Bounds,
    depth=st.integers(1, 4),
    items=st.integers(1, 5),
    nodes=st.integers(1, 20),
    text=st.integers(1, 20),
    size=st.integers(1, 50),
)


@settings(deadline=None, max_examples=examples(300))
@given(anything, st.just(DEFAULT_BOUNDS) | small_bounds)
def test_freeze_makes_of_anything_a_value_that_every_encoder_takes(value, bounds):
    """Whatever is thrown at it: OTLP's types only, 64-bit integers, encodable text, within the bounds."""
    frozen = freeze(value, bounds=bounds)

    assert is_value(frozen)
    assert count_nodes(frozen) <= bounds.nodes
    assert estimate(frozen) > 0
    orjson.dumps(frozen, default=bytes.hex)


@settings(deadline=None, max_examples=examples(300))
@given(anything, st.just(DEFAULT_BOUNDS) | small_bounds)
def test_freezing_a_frozen_value_changes_nothing(value, bounds):
    """What was cut once is within the bounds, its mark included."""
    frozen = freeze(value, bounds=bounds)

    assert repr(freeze(frozen, bounds=bounds)) == repr(frozen)


def test_a_cut_text_has_the_length_asked_for():
    """The mark counts."""
    assert [cut_text("abcdef", n) for n in (6, 5, 2, 1, 0)] == ["abcdef", "abcd…", "a…", "…", ""]


def test_an_estimate_grows_with_the_value():
    """A queue bounded by bytes can rely on it: no large value looks small."""
    assert estimate("x" * 10_000) > 10_000
    assert estimate(b"x" * 10_000) > 10_000
    assert estimate([0.5] * 1_000) > 8_000
    assert estimate({str(n): ["é" * 100] for n in range(100)}) > 10_000


def test_numpy_and_pydantic_are_not_imported():
    """A program that does not use them does not pay for them."""
    import subprocess

    code = "import sys, otel_events.values as v; v.freeze([1, object()]); print(sorted({'numpy', 'pydantic'} & set(sys.modules)))"
    root = pathlib.Path(__file__).parents[1]

    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "[]"
