"""Whole programs that use structlog, as its documentation has them."""

import json

import pytest

from tests.bridges.logging_state import program_s_own
from tests.program import run_program


def run(program, home):
    ledger = home / "events.jsonl"
    ran = run_program(program, home, OTEL_EVENTS_LEDGER_PATH=str(ledger))
    assert (ran.code, ran.err) == (0, "")
    return ran.out.splitlines(), program_s_own(ledger)


@pytest.mark.slow
def test_the_program_of_getting_started_with_one_processor_more(tmp_path):
    """structlog's default configuration, written out, with a tee before the console: printed as ever, and events."""
    printed, lines = run(
        """
        import logging
        import structlog
        from otel_events.bridges import EventTee
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.StackInfoRenderer(),
                structlog.dev.set_exc_info,
                EventTee(),
                structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
                structlog.dev.ConsoleRenderer(colors=False),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
            context_class=dict,
            logger_factory=structlog.PrintLoggerFactory(),
            cache_logger_on_first_use=False,
        )
        log = structlog.get_logger()
        log.info("hello, %s!", "world", key="value!", more_than_strings=[1, 2, 3])
        log = log.bind(user="anonymous", some_key=23)
        log.info("user.logged_in", happy=True)
        """,
        tmp_path,
    )

    assert [line[20:].split(" ")[0] for line in printed] == ["[info", "[info"]
    assert [(line["event"], line["message"], line["attributes"]) for line in lines] == [
        ("", "hello, world!", {"key": "value!", "more_than_strings": [1, 2, 3]}),
        ("user.logged_in", None, {"user": "anonymous", "some_key": 23, "happy": True}),
    ]


def test_the_ready_set_up_in_a_pipe(tmp_path):
    """JSON lines on standard output with what is bound, the same events in the ledger, from coroutines too."""
    printed, lines = run(
        """
        import asyncio
        log = ev.setup_structlog()
        async def main():
            with ev.task("draft", task_id="t-1", persona="thesis"):
                await log.ainfo("evidence.added", source="paper.pdf")
        asyncio.run(main())
        """,
        tmp_path,
    )

    (said,) = map(json.loads, printed)
    added = next(line for line in lines if line["event"] == "evidence.added")
    assert (said["event"], said["source"], said["level"]) == ("evidence.added", "paper.pdf", "info")
    for key in ("task_id", "persona", "trace_id", "span_id"):
        assert said[key] == added[key]
