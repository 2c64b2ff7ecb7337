"""What comes out of a look at a request: who sends it, or why it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Way: TypeAlias = Literal["token", "cookie", "loopback", "anyone"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who sends a request.

    Attributes:
        way: by the token; by the cookie of a browser that has logged in; as a program on this machine that sends events;
            or as anyone, where anyone may.
    """

    way: Way


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in.

    Attributes:
        status: of the answer.
        problem: what is wrong and what would be right, for people.
        reason: a word for the counts.
        setting: the option that would allow it, if there is one.
    """

    status: int
    problem: str
    reason: str
    setting: str = ""

    def as_dict(self) -> dict[str, dict[str, str]]:
        """Return the answer's body."""
        error = {"problem": self.problem, **({"setting": self.setting} if self.setting else {})}
        return {"error": error}
