"""Values that programs have: of their own types, and such as raise, lie or never end."""

# ruff: noqa: PLE0303, PLE0307, SLOT000  # the hostile objects break these rules on purpose
import collections
import dataclasses
import datetime as dt
import enum
from typing import NamedTuple

from hypothesis import strategies as st

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class Color(enum.Enum):
    RED = "red"
    BLUE = (0, 0, 255)


class Level(enum.IntEnum):
    HIGH = 3


class Word(str, enum.Enum):
    YES = "yes"


@dataclasses.dataclass
class Source:
    name: str
    quality: float
    tags: list[str] = dataclasses.field(default_factory=list)
    password: str = dataclasses.field(default="hunter2", repr=False)


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


def count_nodes(value):
    if type(value) is list:
        return len(value) + sum(map(count_nodes, value))
    if type(value) is dict:
        return len(value) + sum(map(count_nodes, value.values()))
    return 0


texts = st.text(st.characters(exclude_categories=()), max_size=30)


keys = texts | st.integers() | st.none() | st.sampled_from([*Color]) | st.tuples(st.integers(), texts)
