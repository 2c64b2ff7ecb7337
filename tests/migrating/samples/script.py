"""A program of system E, whose collector is away."""

import logging
import os

import script_logger

script_logger.COLLECTOR_URL = os.environ["COLLECTOR_URL"]
script_logger.SPOOL_DIRECTORY = os.environ["SPOOL_DIRECTORY"]
logger = script_logger.setup_l2_logger(
    script_name="my_script", script_path="orchestration/scripts/my_script.py", l2_level=logging.ERROR
)


def bootstrap(cid):
    try:
        int(cid)
    except ValueError:
        logger.error("Bootstrap failed for %s", cid, exc_info=True)  # noqa: G201  # as it is in the field


logger.info("console only")
bootstrap("c-1")
logger.critical("Out of memory")
