"""Warnings about ourselves, whoever gives them."""

import logging
import threading

from otel_events.notices import Notices


def test_a_signal_handler_may_warn_in_the_middle_of_a_warning(caplog):
    """One that flushes or ends the program while its own thread is telling something waits for nobody."""
    notices = Notices()

    class Interrupted(str):
        """A cause whose hash, asked for inside, stands for a signal that comes just then."""

        __slots__ = ()

        def __hash__(self):
            notices.warn("inner", "said by the handler")
            return super().__hash__()

    thread = threading.Thread(target=notices.warn, args=(Interrupted("outer"), "said by the program"), daemon=True)
    with caplog.at_level(logging.WARNING, "otel_events"):
        thread.start()
        thread.join(10)

    assert not thread.is_alive()
    assert [record.getMessage() for record in caplog.records] == ["said by the handler", "said by the program"]
