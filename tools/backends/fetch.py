"""Ask HTTP servers on this machine, with nothing but the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_SECONDS = 30.0
# Without a proxy: one set in the environment is for the outside world and does not know our loopback.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get_json(url: str, parameters: Mapping[str, str | int] | None = None) -> Any:
    """Return the JSON that *url* answers, or raise OSError (an HTTP error is one) with what it said."""
    question = f"{url}?{urllib.parse.urlencode(parameters)}" if parameters else url
    try:
        with _opener.open(question, timeout=_TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace").strip()
        raise OSError(f"{question} answered {error.code}: {said}") from error


def post_json(url: str, document: Any) -> Any:
    """Post *document* as JSON and return the answer, or raise OSError."""
    request = urllib.request.Request(  # noqa: S310 (the callers' own http URLs)
        url, data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}
    )
    with _opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
        return json.loads(answer.read() or b"null")


def is_ok(url: str) -> bool:
    """Tell whether *url* answers with a success."""
    try:
        with _opener.open(url, timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:  # refused, reset, or an error status: not ready, which is an answer
        return False
