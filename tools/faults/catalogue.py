"""Every fault by its name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from tools.faults import answers, damages, disks, ends, hostility, kills, outages
from tools.faults.report import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.faults.laboratory import Laboratory

Fault: TypeAlias = "Callable[[Laboratory], Finding]"

_MODES = ("async", "journal")
_UNFIT = re.compile(r"[^a-z0-9]+")


def _slug(fault: str) -> str:
    return _UNFIT.sub("-", fault.lower()).strip("-")


def _by_mode(group: str, faults: tuple[str, ...], attempt: Callable[..., Finding]) -> dict[str, Fault]:
    return {
        f"{group}-{_slug(fault)}-{mode}": partial(attempt, fault=fault, mode=mode)
        for mode in _MODES
        for fault in faults
    }


FAULTS: dict[str, Fault] = {
    **{f"kill-{mode}": partial(kills.try_kills, mode=mode) for mode in ("async", "journal", "sync")},
    **{
        f"shared-{processes}-{mode}": partial(kills.try_shared_kills, mode=mode, processes=processes)
        for mode in _MODES
        for processes in (2, 4)
    },
    **_by_mode("collector", answers.NAMES, answers.try_answer),
    **{f"outage-{mode}": partial(outages.try_outage, mode=mode) for mode in _MODES},
    **{f"caps-{mode}": partial(outages.try_small_caps, mode=mode) for mode in _MODES},
    **{f"spans-{mode}": partial(outages.try_span_outage, mode=mode) for mode in _MODES},
    **_by_mode("disk", disks.NAMES, disks.try_disk),
    **{f"disk-journal-alone-{mode}": partial(disks.try_journal_alone, mode=mode) for mode in ("journal", "sync")},
    **{f"segment-{_slug(fault)}": partial(damages.try_damage, fault=fault, mode="async") for fault in damages.NAMES},
    **_by_mode("end", ends.NAMES, ends.try_end),
    **{f"end-collector-hangs-{mode}": partial(ends.try_hung_exit, mode=mode) for mode in ("async", "journal", "sync")},
    **_by_mode("hostile", hostility.NAMES, hostility.try_hostile),
    "clock-back": partial(hostility.try_clock_after_restart, years=-10),
    "clock-ahead": partial(hostility.try_clock_after_restart, years=10),
}


def run_fault(name: str, laboratory: Laboratory) -> list[Finding]:
    """Try one fault; a mistake in the trial itself is a finding too, and ends no other."""
    try:
        return [FAULTS[name](laboratory)]
    except Exception as error:
        problem = f"the trial itself failed: {type(error).__name__}: {error}"
        return [Finding(name, "", 0, 0, 0, 0, 0, 0, problems=(problem,))]
