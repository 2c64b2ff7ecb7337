"""What libraries say of clients' mistakes, kept from the server's terminal: whoever makes them could fill it, and they are counted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def quiet_logger(above: str, mistakes: Collection[str]) -> logging.Logger:
    """Return a logger beneath *above* that says all that is said to it, from warnings on, but *mistakes*."""
    logger = logging.getLogger(f"{above}.clients")
    logger.setLevel(logging.WARNING)
    logger.addFilter(lambda record: record.msg not in mistakes)
    return logger
