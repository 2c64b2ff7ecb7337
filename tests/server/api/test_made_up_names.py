"""A program that makes up the names of its events, thousands of them: answers stay of a size that can be shown."""

from __future__ import annotations

import time

import pytest

from otel_events.event import Event
from otel_events.otlp.encode_logs import LogEncoder
from tests.server.served import run_program, serving
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow

PROGRAM = """
import otel_events as ev

ev.configure()
for number in range(1_200):
    ev.emit(f"made{number}.up")
    if number >= 1_100:
        ev.emit(f"made{number}.up")
print(ev.shutdown(timeout=50))
"""


@pytest.fixture(scope="module")
def get(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        assert run_program(server, PROGRAM) == "True\n"
        wait_for(lambda: server.client.get("/api/health").json()["stored"]["events"] == 1_300, "all of it in the index")
        yield lambda path, **query: server.client.get(path, params=query).json()


def test_of_names_that_nobody_defined_the_most_frequent_are_told(get):
    """In the order of their names, with the number of all."""
    answer = get("/api/catalog")
    names = [each["name"] for each in answer["unknown"]]

    assert (len(names), answer["unknown_names"]) == (1_000, 1_200)
    assert names == sorted(names)
    assert {f"made{number}.up" for number in range(1_100, 1_200)} <= set(names)


@pytest.mark.parametrize("by", ["event", "category"])
def test_beside_the_largest_series_one_is_for_all_others(get, by):
    """Nothing is left out of the sum."""
    series = get("/api/rates", seconds=3_600, by=by)["series"]

    assert len(series) == 101
    assert sum(map(sum, series.values())) == 1_300
    assert sum(series["(others)"]) == 1_100


def test_a_name_longer_than_anybody_writes_makes_no_answer_long(tmp_path):
    """It is counted among the others, and said by none of the lists; its event is there as ever."""
    with serving(tmp_path) as server:
        run_program(server, 'import otel_events as ev; ev.emit("x" * 100_000 + ".y"); ev.emit("a.b"); ev.shutdown(50)')
        body = LogEncoder({"service.name": "babel"}).encode(
            [Event("z" * 1_000_000, *[time.time_ns()] * 2, bound={}, uid="")]
        )
        assert server.post("/v1/logs", body).status_code == 200

        def get(path, **query):
            return server.client.get(path, params=query).json()

        wait_for(lambda: get("/api/health")["stored"]["events"] >= 3, "all of it in the index")
        assert get("/api/names")["names"] == [{"name": "a.b", "count": 1}]
        assert get("/api/values", key="event")["values"] == [{"value": "a.b", "count": 1}]
        answer = get("/api/catalog")
        assert "a.b" in [each["name"] for each in answer["unknown"]]
        for path in ("/api/catalog", "/api/rates?by=event"):
            assert len(server.client.get(path).content) < 200_000
