"""Every fault by its name."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from tools.faults import answers, kills
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
}


def run_fault(name: str, laboratory: Laboratory) -> list[Finding]:
    """Try one fault; a mistake in the trial itself is a finding too, and ends no other."""
    try:
        return [FAULTS[name](laboratory)]
    except Exception as error:
        problem = f"the trial itself failed: {type(error).__name__}: {error}"
        return [Finding(name, "", 0, 0, 0, 0, 0, 0, problems=(problem,))]
