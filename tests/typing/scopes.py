"""What type checkers make of scopes; `test_task_functions.py` compares the comments with what mypy says."""

from collections.abc import AsyncIterator, Iterator

import otel_events as ev


@ev.task
def plain(goal: str, retries: int = 1) -> float:
    return retries * 1.0


@ev.task("draft", retries=3)
async def later(goal: str) -> float:
    return 1.0


@ev.context(persona="thesis")
def steps(count: int) -> Iterator[int]:
    yield from range(count)


@ev.phase("thesis")
async def async_steps(count: int) -> AsyncIterator[int]:
    yield count


class Desk:
    @ev.task
    def method(self, goal: str) -> bool:
        return bool(goal)

    @ev.task
    @classmethod
    def made(cls, goal: str) -> "Desk":
        return cls()

    @staticmethod
    @ev.task("x")
    def static(goal: str) -> int:
        return len(goal)


async def use() -> None:
    reveal_type(plain("g"))  # mypy: Revealed type is "float"
    plain(1)  # mypy: Argument 1 to "plain" has incompatible type "int"; expected "str"
    reveal_type(await later("g"))  # mypy: Revealed type is "float"
    reveal_type(next(steps(2)))  # mypy: Revealed type is "int"
    async for item in async_steps(1):
        reveal_type(item)  # mypy: Revealed type is "int"
    reveal_type(Desk().method("g"))  # mypy: Revealed type is "bool"
    reveal_type(Desk.made("g"))  # mypy: Revealed type is "scopes.Desk"
    reveal_type(Desk.static("g"))  # mypy: Revealed type is "int"
    with ev.task("x", task_id="t-1") as task:
        reveal_type(task.task_id)  # mypy: Revealed type is "str | None"
        task.set(quality=1)
    async with ev.cycle(1, day=2), ev.session("s"):
        reveal_type(ev.carry(plain)("g"))  # mypy: Revealed type is "float"
    ev.emit("x.y", {"a": 1}, severity="warn")
    ev.emit("x.y", "message", severity=ev.Severity.WARN, anything=object())
    reveal_type(ev.bound_attributes())  # mypy: Revealed type is "dict[str, Any]"
