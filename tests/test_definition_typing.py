"""What type checkers make of typed events."""

import pathlib

import pytest

api = pytest.importorskip("mypy.api", reason="mypy comes with the lint tools")

ROOT = pathlib.Path(__file__).parents[1]
SAMPLE = """
from typing import Annotated
from otel_events.definition import define

@define("order.placed", brief="An order came in.")
class OrderPlaced:
    order_id: str
    weight: Annotated[float, "In kilograms."] = 1.0

good = OrderPlaced(order_id="o-1", weight=2.5)
reveal_type(good.weight)
OrderPlaced(order_id=1)
OrderPlaced()
OrderPlaced("o-1")
good.weight = 3.0
define("order.sent", brif="x")
"""


@pytest.mark.slow
def test_a_type_checker_knows_the_constructor_of_a_typed_event(tmp_path):
    """Right calls pass; a wrong type, a missing field, a position, a change and a misspelt keyword are refused."""
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE)
    config = tmp_path / "mypy.ini"
    config.write_text(f"[mypy]\nmypy_path = {ROOT}\n")
    options = ["--strict", "--no-error-summary", "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}"]

    told, failed, _ = api.run([*options, f"--config-file={config}", str(sample)])

    lines = [line.partition("sample.py:")[2].split(": ", 2) for line in told.splitlines()]
    assert [(line[0], line[2].partition("  ")[0].partition('; expected "N')[0]) for line in lines] == [
        ("11", 'Revealed type is "float"'),
        ("12", 'Argument "order_id" to "OrderPlaced" has incompatible type "int"; expected "str"'),
        ("13", 'Missing named argument "order_id" for "OrderPlaced"'),
        ("14", 'Too many positional arguments for "OrderPlaced"'),
        ("15", 'Property "weight" defined in "OrderPlaced" is read-only'),
        ("16", 'Argument "brif" to "define" has incompatible type "str"'),
    ], (told, failed)
