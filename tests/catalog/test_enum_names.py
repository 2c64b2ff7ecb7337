"""The event names that members of an Enum stand for."""

import enum

import pytest

from otel_events.definition import event_name_of


class Telemetry(enum.Enum):
    SEED_GERMINATED = enum.auto()
    SEED_PRUNED = "seed_pruned"
    TASK = "task_started"
    ORDER = "order.placed"
    WEIRD = "Not A Name"
    NUMBER = 7


class Word(str, enum.Enum):
    ORDER = "order.placed"


@pytest.mark.parametrize(
    ("member", "name"),
    [
        (Telemetry.SEED_GERMINATED, "seed.germinated"),
        (Telemetry.SEED_PRUNED, "seed.pruned"),
        (Telemetry.TASK, "task.started"),
        (Telemetry.ORDER, "order.placed"),
        (Telemetry.WEIRD, "WEIRD"),
        (Telemetry.NUMBER, "NUMBER"),
        (Word.ORDER, "order.placed"),
    ],
)
def test_enum_members_stand_for_event_names(member, name):
    """A member means its value where that is a name, else its own name; aliases become canonical."""
    found = event_name_of(member)

    assert (found, type(found)) == (name, str)
