"""Values whose code raises, lies or never ends."""

import contextlib
import sys

import pytest

from otel_events.values import freeze
from tests.odd_values import HOSTILE, DumpsAnother, Liar, LyingMap, LyingText, SelfDumping, Source


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
