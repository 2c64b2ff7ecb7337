"""A WSGI application that emits an event for each request; configured before the server forks its workers."""

import os

import otel_events as ev

ev.configure(service_name="served")
ev.emit("seed.planted", "the server loads the application", pid=os.getpid())


def app(environ, start_response):
    """Answer with the process's id, having emitted an event with the number that the path gives."""
    number = int(environ["PATH_INFO"].strip("/") or 0)
    with ev.task("serve", task_id=f"r-{number}"):
        ev.emit("seed.grown", n=number, pid=os.getpid())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
