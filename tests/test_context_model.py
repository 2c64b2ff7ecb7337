"""Whatever a program does with scopes, what holds is what a plain dict says."""

import contextlib
import contextvars

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import context as otel_context

import otel_events as ev
from tests.effort import examples


def bound():
    return ev.bound_attributes()


# A program is a list of steps; blocks nest. Each `run` is checked against what a plain dict says should hold.
_keys = st.sampled_from(["persona", "cycle", "day"])
_values = st.one_of(st.none(), st.integers(0, 3))
_attributes = st.dictionaries(_keys, _values, min_size=1, max_size=2)
_programs = st.recursive(
    st.just(("look",)),
    lambda inner: st.one_of(
        st.tuples(st.just("scope"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("function"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("generator"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("zip"), _attributes, st.lists(inner, max_size=3), st.lists(inner, max_size=3)),
        st.tuples(st.just("abandon"), _attributes, st.lists(inner, max_size=2)),
        st.tuples(st.just("spawn"), _attributes, st.lists(inner, max_size=3)),
        st.tuples(st.just("raise"), _attributes, st.lists(inner, max_size=2)),
    ),
    max_leaves=12,
)


class Model:
    """Runs a program of scopes and notes every place where what holds is not what a dict says."""

    def __init__(self):
        self.wrong = []
        self.spawned = []

    def look(self, expected):
        actual = bound()
        if actual != {key: value for key, value in expected.items() if value is not None}:
            self.wrong.append((expected, actual))

    def steps(self, program, expected):
        """A generator: one yield after each step, so that two can be interleaved."""
        for step in program:
            yield from self.step(step, expected)
            self.look(expected)
            yield

    def step(self, step, expected):  # noqa: C901
        kind, *rest = step
        if kind == "look":
            self.look(expected)
            return
        attributes, body = rest[0], rest[1]
        inner = {**expected, **attributes}
        if kind == "scope":
            # The block itself is one step: a suspended one would show to the consumer, as documented.
            with ev.context(**attributes):
                for _ in self.steps(body, inner):
                    pass
        elif kind == "function":
            ev.context(**attributes)(lambda: [None for _ in self.steps(body, inner)])()
        elif kind == "generator":
            for _ in self.decorated(attributes, body, inner):
                self.look(expected)
                yield
        elif kind == "zip":
            first = self.decorated(attributes, body, inner)
            second = self.decorated({}, rest[2], expected)
            while first is not None or second is not None:
                for name in ("first", "second"):
                    running = first if name == "first" else second
                    if running is not None and next(running, "end") == "end":
                        first, second = (None, second) if name == "first" else (first, None)
                    self.look(expected)
                yield
        elif kind == "abandon":
            running = self.decorated(attributes, [("look",), *body], inner)
            next(running)
            self.look(expected)
            del running
        elif kind == "spawn":
            with ev.context(**attributes):
                copied = contextvars.copy_context()
                self.spawned.append(lambda: copied.run(lambda: [None for _ in self.steps(body, inner)]))
        elif kind == "raise":
            with contextlib.suppress(ZeroDivisionError):
                ev.context(**attributes)(lambda: ([None for _ in self.steps(body, inner)], 1 / 0))()

    def decorated(self, attributes, body, inner):
        return ev.context(**attributes)(self.steps)(body, inner)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(_programs, max_size=4))
def test_whatever_the_program_scopes_hold_where_they_should_and_nowhere_else(program):
    """Blocks, functions, generators interleaved and abandoned, exceptions, and tasks that run later."""
    model = Model()

    for _ in model.steps(program, {}):
        model.look({})
    while model.spawned:
        model.spawned.pop()()
        model.look({})

    assert model.wrong == []
    assert not otel_context.get_current()
