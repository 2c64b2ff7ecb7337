"""A laboratory for the short form of the faults."""

import os

import pytest

from tools.backends.installed import installed
from tools.backends.process import BackendError
from tools.backends.recipes import COLLECTOR
from tools.faults.laboratory import Laboratory


@pytest.fixture
def laboratory(tmp_path):
    return Laboratory(tmp_path, is_quick=True, tell=lambda _: None)


@pytest.fixture
def collector_built():
    """The Collector is built; else the tests that need it are skipped, or fail where CI is set."""
    try:
        installed(COLLECTOR)
    except BackendError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
