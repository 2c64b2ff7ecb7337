"""What users define themselves is known to the server."""

from __future__ import annotations

import pytest

from otel_events.catalog import EventDefinition
from otel_events.catalog.export import write_registry
from tests.server.served import run_program, serving

pytestmark = pytest.mark.slow
MODULE = """
from otel_events import define

@define("garden.mown", brief="The lawn was mown.")
class Mown:
    area: float
"""
PROGRAM = """
import otel_events as ev

ev.configure()
ev.emit("garden.watered")
ev.emit("garden.mown")
ev.emit("garden.raked")
print(ev.shutdown(timeout=50))
"""


def test_registries_and_modules_of_users_are_in_the_catalogue(tmp_path):
    """With their briefs; what is in neither is unknown."""
    write_registry(
        [EventDefinition("garden.watered", brief="A bed was watered.", message="Watered", category="garden")],
        tmp_path / "registry",
    )
    (tmp_path / "garden_events.py").write_text(MODULE)

    with serving(tmp_path, "--catalog", str(tmp_path / "registry"), "--module", "garden_events") as server:
        run_program(server, PROGRAM)
        answer = server.client.get("/api/catalog").json()

    defined = {each["name"]: (each["brief"], each["seen"]) for each in answer["definitions"]}
    assert defined["garden.watered"] == ("A bed was watered.", 1)
    assert defined["garden.mown"] == ("The lawn was mown.", 1)
    assert [each["name"] for each in answer["unknown"]] == ["garden.raked"]
