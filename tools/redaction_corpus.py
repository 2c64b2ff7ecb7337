"""Where secrets stand, and what of them must not be left: the corpus on which the redactor is measured."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tools.redaction_near_misses import near_misses
from tools.redaction_ordinary import ordinary
from tools.redaction_secrets import SECRETS, WORDS, host
from tools.redaction_trades import trade_lines, trade_secrets
from tools.redaction_vendors import VENDORS
from tools.redaction_writings import writings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NEUTRAL_KEYS = ("note", "value", "data", "detail", "text", "result", "output", "x", "args", "source")
_TELLING_KEYS = ("password", "api_key", "clientSecret", "X-Auth-Token", "db_password", "private-key", "credentials")


def core_of(kind: str, secret: str) -> str:
    """Return the part of *secret* that must not go out, where the rest may stay."""
    core = _CORES.get(kind)
    return secret if core is None else core(secret)


def _after(mark: str, until: str = "") -> Callable[[str], str]:
    def core(text: str) -> str:
        rest = text.partition(mark)[2]
        return rest.partition(until)[0] if until else rest

    return core


def _json_core(text: str) -> str:
    """Return the secret inside a JSON text, a Python repr of it, or a JSON text inside a JSON text."""
    parts = [part for part in text.replace("\\", "").replace("'", '"').split('"') if part]
    names = ("password", "apiKey", "client_secret", "refresh_token", "secretKey", "accessToken", "private_key")
    return next(parts[place + 2] for place, part in enumerate(parts) if part in names)


_CORES: dict[str, Callable[[str], str]] = {
    "private_key": lambda text: text.split("\n")[1],
    "pgp": lambda text: text.split("\n")[3],
    "url_credentials": lambda text: text.partition("://")[2].partition(":")[2].partition("@")[0],
    "database_url": lambda text: text.partition("://")[2].partition(":")[2].partition("@")[0],
    "ado": lambda text: text.partition(";User Id=sa;")[2].partition("=")[2].partition(";")[0],
    "libpq": _after("password=", " "),
    "jdbc": _after("password=", "&"),
    "bearer": _after("Bearer "),
    "basic": _after("Basic "),
    "cookie": lambda text: text.partition("=")[2].partition(";")[0],
    "api_key_header": _after(": "),
    "assignment": lambda text: (
        text.removeprefix("export ").lstrip("-").replace(": ", "=", 1).partition("=")[2].strip(" '\"")
    ),
    "json": _json_core,
    "url_parameter": lambda text: text.partition("page=2&")[2].partition("=")[2].partition("&")[0],
    "aws_secret": lambda text: text[-40:],
    "azure": lambda text: text.partition("AccountKey=")[2].partition(";")[0] if "AccountKey=" in text else text,
    "slack_webhook": lambda text: text.rpartition("/")[2],
    "password_hash": lambda text: text[-53:],
    "fly": _after(" "),
    "npm (file)": _after("_authToken="),
}


def _traceback(rnd: random.Random, secret: str) -> str:
    return (
        "Traceback (most recent call last):\n"
        f'  File "/srv/app/{rnd.choice(WORDS)}/client.py", line {rnd.randrange(10, 400)}, in connect\n'
        f'    raise ConnectionError(f"cannot reach {{where}}")\n'
        f"ConnectionError: cannot reach the service with {secret}"
    )


# Where a secret stands: (name of the place, attributes made of it).
def places(rnd: random.Random, kind: str, secret: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield attributes that hold *secret*, one for each place where programs leave secrets."""
    neutral = rnd.choice(_NEUTRAL_KEYS)
    yield "neutral key", {neutral: secret}
    yield "telling key", {rnd.choice(_TELLING_KEYS): secret}
    yield "nested", {"request": {"items": [1, {neutral: [secret]}]}}
    text = f"step {rnd.randrange(99)} of {rnd.choice(WORDS)} failed ({secret}) and will be tried again"
    yield "text", {"message": text}
    yield "traceback", {"exception.stacktrace": _traceback(rnd, secret)}
    if kind not in {"private_key", "pgp"} and " " not in secret and "/" not in secret:
        yield "url", {"url.full": f"https://{host(rnd)}/hook/{secret}/x?y=1"}


def samples(seed: int, per_kind: int) -> Iterator[tuple[str, str, str, dict[str, object]]]:
    """Yield (kind, place, what must not be left, attributes): *per_kind* secrets of each kind, in turn in each place."""
    rnd = random.Random(seed)
    for kind, make in {**SECRETS, **VENDORS}.items():
        for _ in range(per_kind):
            secret = make(rnd)
            for place, attributes in places(rnd, kind, secret):
                yield kind, place, core_of(kind, secret), attributes
    # Each of these has dozens of forms.
    yield from writings(seed, max(per_kind // 8, 1))
    yield from trade_secrets(seed, max(per_kind // 8, 1))


def harmless(seed: int, count: int) -> Iterator[tuple[str, object]]:
    """Yield *count* ordinary pairs of key and value from all collections of them."""
    lines = list(trade_lines(seed))[: count // 2]
    yield from lines
    count -= len(lines)
    yield from ordinary(seed, count // 2)
    yield from near_misses(seed, count - count // 2)
