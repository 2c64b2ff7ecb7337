"""What nobody has handled is told as an `error` event, and whoever was told before is told still."""

import asyncio
import logging
import sys
import threading
import warnings

import pytest

import otel_events as ev
from otel_events.bridges import EventHandler
from tests.bridges.logging_state import bare_root, logging_state, program_s_own  # noqa: F401
from tests.effort import rest_slow
from tests.program import run_program


def raise_value_error(message="no such citizen"):
    raise ValueError(message)


def caught(function):
    try:
        function()
    except Exception as error:
        return error


def ledger_of(program, home, **env):
    ran = run_program(program, home, OTEL_EVENTS_LEDGER_PATH=str(home / "events.jsonl"), **env)
    return ran, program_s_own(home / "events.jsonl")


# -- the end of a program --------------------------------------------------------------------------------------------


def test_what_ends_the_program_is_told(tmp_path):
    """As FATAL, with the exception; Python still prints it and the exit code stays."""
    ran, lines = ledger_of(
        """
        ev.capture_unhandled()
        ev.emit("task.started")
        raise ValueError("no such citizen")
        """,
        tmp_path,
    )

    assert ran.code == 1
    assert ran.err.endswith("ValueError: no such citizen\n")
    assert [line["event"] for line in lines] == ["task.started", "error"]
    assert (lines[1]["severity"], lines[1]["message"]) == ("FATAL", "ValueError: no such citizen")
    attributes = lines[1]["attributes"]
    assert attributes["source"] == "sys.excepthook"
    assert attributes["error.type"] == attributes["exception.type"] == "ValueError"
    assert "program.py" in attributes["exception.stacktrace"]


@pytest.mark.slow
@pytest.mark.parametrize("end", rest_slow(["raise KeyboardInterrupt", "sys.exit(3)", "raise SystemExit"]))
def test_an_end_that_somebody_wanted_is_no_error(tmp_path, end):
    """Ctrl-C and exits."""
    _, lines = ledger_of(f"ev.capture_unhandled()\nev.emit('x.y')\n{end}\n", tmp_path)

    assert [line["event"] for line in lines] == ["x.y"]


@pytest.mark.slow
def test_without_asking_nothing_is_hooked(tmp_path):
    """The hooks are opt-in."""
    _, lines = ledger_of("ev.emit('x.y')\nraise ValueError('a')\n", tmp_path)

    assert [line["event"] for line in lines] == ["x.y"]


def test_a_hook_that_was_there_is_called(events):
    """With the same arguments, after the event."""
    told = []
    sys.excepthook = lambda *arguments: told.append((arguments, events.names))
    error = caught(raise_value_error)
    with ev.capture_unhandled():
        sys.excepthook(ValueError, error, error.__traceback__)

    assert told == [((ValueError, error, error.__traceback__), ["error"])]


def test_a_hook_that_logs_the_exception_does_not_double_it(events):
    """The cookbook's `excepthook` that logs: the event has told of that exception already, of others it has not."""
    bare_root().addHandler(EventHandler())
    other = KeyError("other")

    def log_it(kind, error, traceback):
        logging.getLogger("app").critical("Uncaught", exc_info=(kind, error, traceback))
        logging.getLogger("app").critical("Another", exc_info=other)

    sys.excepthook = log_it
    error = caught(raise_value_error)
    with ev.capture_unhandled():
        sys.excepthook(ValueError, error, error.__traceback__)

    assert [(event.name, event.message) for event in events] == [
        ("error", "ValueError: no such citizen"),
        ("", "Another"),
    ]


def test_hooks_are_set_once_and_taken_away():
    """Calling it twice changes nothing; `remove` leaves what somebody else has set since."""
    before = sys.excepthook, threading.excepthook
    first, second = ev.capture_unhandled(), ev.capture_unhandled()
    hooked = sys.excepthook, threading.excepthook
    second.remove()

    assert (sys.excepthook, threading.excepthook) == hooked
    assert hooked != before
    threading.excepthook = theirs = lambda _: None
    first.remove()
    assert (sys.excepthook, threading.excepthook) == (before[0], theirs)


# -- threads ---------------------------------------------------------------------------------------------------------


def test_what_ends_a_thread_is_told(events):
    """With the thread's name; and to the hook that was there."""
    told = []
    threading.excepthook = lambda arguments: told.append(arguments.exc_type)
    with ev.capture_unhandled():
        thread = threading.Thread(target=raise_value_error, name="worker-1")
        thread.start()
        thread.join()

    event = events.only("error", source="threading.excepthook", thread="worker-1", severity="error")
    assert event.attributes["exception.message"] == "no such citizen"
    assert told == [ValueError]


def test_one_s_own_exit_of_a_thread_is_no_error(events):
    """`SystemExit` in a thread."""
    threading.excepthook = lambda _: None
    with ev.capture_unhandled():
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()

    assert len(events) == 0


# -- asyncio ---------------------------------------------------------------------------------------------------------


def run_in_loop(main):
    """Run *main* in a loop of its own; the handler for what nobody awaited runs within."""

    async def all_of_it():
        with ev.capture_unhandled():
            await main()
            await asyncio.sleep(0)

    asyncio.run(all_of_it())


async def forget_a_task():
    import gc

    task = asyncio.ensure_future(fail_soon(), loop=asyncio.get_running_loop())
    task.set_name("forgotten")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()


async def fail_soon():
    raise ValueError("no such citizen")


def test_a_task_s_exception_that_nobody_awaited_is_told_once(events):
    """Though the loop's own handler logs it, and an EventHandler listens."""
    bare_root().addHandler(EventHandler())
    run_in_loop(forget_a_task)

    event = events.only("error", source="asyncio", task="forgotten", severity="error")
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["reason"] == "Task exception was never retrieved"


def test_the_loop_s_handler_of_before_is_called(events):
    """With the loop and the same context."""
    told = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *arguments: told.append(arguments))
        context = {"message": "odd"}
        with ev.capture_unhandled():
            loop.call_exception_handler(context)
        assert told == [(loop, context)]
        assert loop.get_exception_handler() is not None

    asyncio.run(main())

    assert events.only("error", source="asyncio").message == "odd"


def test_a_loop_may_be_named(events):
    """Before it runs."""
    loop = asyncio.new_event_loop()
    hooks = ev.capture_unhandled(exceptions=False, threads=False, loop=loop)
    loop.set_debug(False)
    logging.getLogger("asyncio").disabled = True
    try:
        loop.call_exception_handler({"message": "odd", "exception": ValueError("bad")})
    finally:
        logging.getLogger("asyncio").disabled = False
        hooks.remove()
        loop.close()

    assert events.only("error").message == "ValueError: bad"
    assert loop.get_exception_handler() is None


# -- warnings --------------------------------------------------------------------------------------------------------


def test_warnings_are_told_if_asked(events):
    """As WARN, with where they are; and shown as before."""
    shown = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *arguments, **_: shown.append(arguments[0])
        with ev.capture_unhandled(warnings=True):
            warnings.warn("old way", DeprecationWarning, stacklevel=1)

    event = events.only("error", source="warnings", severity="warn")
    assert event.message == "old way"
    assert event.attributes["error.type"] == "DeprecationWarning"
    assert event.attributes["code.file.path"] == __file__
    assert [str(message) for message in shown] == ["old way"]


def test_warnings_are_left_alone_otherwise():
    """They are many, and few are errors."""
    before = warnings.showwarning
    with ev.capture_unhandled():
        assert warnings.showwarning is before
