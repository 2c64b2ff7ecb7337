"""What is wrong with a request, told so that it can be put right."""

from __future__ import annotations

from typing import Any

from otel_events.errors import OtelEventsError


class RequestError(OtelEventsError):
    """A request cannot be answered.

    Attributes:
        status: of the answer.
        problem: what is wrong, and what would be right.
        parameter: which parameter is meant, empty for none.
        column: of the first wrong character of a filter, counted from 1; None elsewhere.
    """

    def __init__(self, status: int, problem: str, *, parameter: str = "", column: int | None = None) -> None:
        self.status = status
        self.problem = problem
        self.parameter = parameter
        self.column = column
        super().__init__(problem)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer's body."""
        error: dict[str, Any] = {"problem": self.problem}
        if self.parameter:
            error["parameter"] = self.parameter
        if self.column is not None:
            error["column"] = self.column
        return {"error": error}


def not_found(what: str) -> RequestError:
    """Return the error that says that *what* is not kept."""
    return RequestError(404, f"{what} is not kept here: it never came, or is older than what is kept")
