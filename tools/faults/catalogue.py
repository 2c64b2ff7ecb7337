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

_UNFIT = re.compile(r"[^a-z0-9]+")


def _slug(fault: str) -> str:
    return _UNFIT.sub("-", fault.lower()).strip("-")


FAULTS: dict[str, Fault] = {
    **{f"kill-{mode}": partial(kills.try_kills, mode=mode) for mode in ("async", "journal", "sync")},
    **{
        f"collector-{_slug(fault)}-{mode}": partial(answers.try_answer, fault=fault, mode=mode)
        for mode in ("async", "journal")
        for fault in answers.NAMES
    },
    **{
        f"disk-{_slug(fault)}-{mode}": partial(disks.try_disk, fault=fault, mode=mode)
        for mode in ("async", "journal")
        for fault in disks.NAMES
    },
    **{f"segment-{_slug(fault)}": partial(damages.try_damage, fault=fault, mode="async") for fault in damages.NAMES},
    **{
        f"shared-{processes}-{mode}": partial(kills.try_shared_kills, mode=mode, processes=processes)
        for mode in ("async", "journal")
        for processes in (2, 4)
    },
    **{
        f"end-{_slug(fault)}-{mode}": partial(ends.try_end, fault=fault, mode=mode)
        for mode in ("async", "journal")
        for fault in ends.NAMES
    },
    **{f"end-collector-hangs-{mode}": partial(ends.try_hung_exit, mode=mode) for mode in ("async", "journal", "sync")},
    **{f"outage-{mode}": partial(outages.try_outage, mode=mode) for mode in ("async", "journal")},
    **{f"spans-{mode}": partial(outages.try_span_outage, mode=mode) for mode in ("async", "journal")},
    **{f"caps-{mode}": partial(outages.try_small_caps, mode=mode) for mode in ("async", "journal")},
    **{
        f"hostile-{_slug(fault)}-{mode}": partial(hostility.try_hostile, fault=fault, mode=mode)
        for mode in ("async", "journal")
        for fault in hostility.NAMES
    },
    **{f"clock-{years}": partial(hostility.try_clock_after_restart, years=years) for years in (-10, 10)},
}


def run_fault(name: str, laboratory: Laboratory) -> list[Finding]:
    """Try one fault; a mistake in the trial itself is a finding too, and ends no other."""
    try:
        return [FAULTS[name](laboratory)]
    except Exception as error:
        problem = f"the trial itself failed: {type(error).__name__}: {error}"
        return [Finding(name, "", 0, 0, 0, 0, 0, 0, problems=(problem,))]
