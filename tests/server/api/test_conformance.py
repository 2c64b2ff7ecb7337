"""The API does what its own description says, whatever it is asked: tried by schemathesis against a running server."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from otel_events.server.api.operations import OPERATIONS
from tests.server.served import BEARER

schemathesis = pytest.importorskip("schemathesis")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")

pytestmark = pytest.mark.slow

MODES = schemathesis.GenerationMode


@pytest.fixture(scope="module")
def description(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json", headers=BEARER)


@pytest.mark.parametrize("mode", [MODES.POSITIVE, MODES.NEGATIVE], ids=["as described", "otherwise"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
def test_every_answer_is_as_described(description, operation, mode):
    """Whatever is asked: status, type and shape of the answer, and no error of the server's own."""
    tried = description[operation.path][operation.method]
    if mode is MODES.NEGATIVE and not operation.parameters:
        pytest.skip("nothing can be said wrongly")

    @given(case=tried.as_strategy(generation_mode=mode))
    @settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        # That a filter or a time makes sense is more than a schema can say.
        case.call_and_validate(headers=BEARER, timeout=30, excluded_checks=[checks.positive_data_acceptance])

    ask()
