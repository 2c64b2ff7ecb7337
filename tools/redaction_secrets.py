"""Secrets by kind, in the forms in which programs write them: generated, seeded, none of them real."""

# ruff: noqa: SIM905 - words in a row are easier to read

from __future__ import annotations

import base64
import json
import string
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

Make: TypeAlias = "Callable[[random.Random], str]"

_ALNUM = string.ascii_letters + string.digits
_URLSAFE = _ALNUM + "_-"
_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits
_HEX = "0123456789abcdef"
_BASE32 = string.ascii_uppercase + "234567"


def _some(rnd: random.Random, alphabet: str, length: int) -> str:
    return "".join(rnd.choices(alphabet, k=length))


def _form(template: str, *parts: tuple[str, int]) -> Make:
    """Return what makes *template* with each `{}` filled with random characters of an alphabet."""
    return lambda rnd: template.format(*(_some(rnd, alphabet, length) for alphabet, length in parts))


def _one_of(*makes: Make) -> Make:
    return lambda rnd: rnd.choice(makes)(rnd)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _jwt(rnd: random.Random) -> str:
    header = {"alg": rnd.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    payload = {"sub": _some(rnd, string.digits, 10), "iat": rnd.randrange(10**9, 2 * 10**9), "name": _name(rnd)}
    parts = (_base64url(json.dumps(part).encode()) for part in (header, payload))
    return ".".join([*parts, _base64url(rnd.randbytes(32))])


def _pem(rnd: random.Random) -> str:
    label = rnd.choice(["RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED ", "DSA "])
    body = base64.b64encode(rnd.randbytes(rnd.randrange(300, 900))).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}PRIVATE KEY-----", *lines, f"-----END {label}PRIVATE KEY-----"])


def _pgp(rnd: random.Random) -> str:
    body = base64.b64encode(rnd.randbytes(600)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    begin, end = "-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----"
    return "\n".join([begin, "Version: GnuPG v2", "", *lines, "=" + _some(rnd, _ALNUM, 4), end])


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return digits + str(-total % 10)


def _card(rnd: random.Random) -> str:
    prefix, length = rnd.choice(
        [
            ("4", 16),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("34", 15),
            ("37", 15),
            ("6011", 16),
            ("36", 14),
            ("3530", 16),
        ]
    )
    number = _luhn(prefix + _some(rnd, string.digits, length - len(prefix) - 1))
    groups = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[length]
    joiner = rnd.choice(["", " ", "-"])
    parts, start = [], 0
    for size in groups:
        parts.append(number[start : start + size])
        start += size
    return joiner.join(parts)


def _iban(rnd: random.Random) -> str:
    country, make = rnd.choice(
        [
            ("DE", _form("{}", (string.digits, 18))),
            ("GB", _form("{}{}", (string.ascii_uppercase, 4), (string.digits, 14))),
            ("FR", _form("{}{}{}", (string.digits, 10), (_UPPER, 11), (string.digits, 2))),
            ("NL", _form("{}{}", (string.ascii_uppercase, 4), (string.digits, 10))),
            ("ES", _form("{}", (string.digits, 20))),
            ("CH", _form("{}{}", (string.digits, 5), (_UPPER, 12))),
            ("NO", _form("{}", (string.digits, 11))),
        ]
    )
    account = make(rnd)
    value = int("".join(str(int(character, 36)) for character in account + country + "00"))
    iban = f"{country}{98 - value % 97:02d}{account}"
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4)) if rnd.random() < 0.5 else iban


def _password(rnd: random.Random) -> str:
    style = rnd.randrange(4)
    if style == 0:
        return rnd.choice(WORDS) + str(rnd.randrange(10, 9999))
    if style == 1:
        return _some(rnd, _ALNUM + "!$%^*_+", rnd.randrange(10, 20))
    if style == 2:
        return "-".join(rnd.choice(WORDS).capitalize() for _ in range(4)) + str(rnd.randrange(10))
    return _some(rnd, _ALNUM, rnd.randrange(8, 16))


def _url(rnd: random.Random) -> str:
    scheme = rnd.choice(["https", "http", "ftp", "sftp", "git+https", "smtp"])
    password = quote(_password(rnd), safe="!$*")
    return f"{scheme}://{rnd.choice(_NAMES).lower()}:{password}@{host(rnd)}/{rnd.choice(WORDS)}?page={rnd.randrange(9)}"


def _database_url(rnd: random.Random) -> str:
    scheme, port = rnd.choice(
        [
            ("postgres", 5432),
            ("postgresql+asyncpg", 5432),
            ("mysql", 3306),
            ("mongodb+srv", 27017),
            ("redis", 6379),
            ("rediss", 6379),
            ("amqp", 5672),
            ("amqps", 5671),
            ("clickhouse", 9000),
        ]
    )
    user = "" if scheme.startswith("redis") and rnd.random() < 0.5 else rnd.choice(_NAMES).lower()
    return f"{scheme}://{user}:{quote(_password(rnd), safe='!$*')}@{host(rnd)}:{port}/{rnd.choice(WORDS)}"


def _ado(rnd: random.Random) -> str:
    word = rnd.choice(["Password", "Pwd", "PWD", "password"])
    return f"Server={host(rnd)};Database={rnd.choice(WORDS)};User Id=sa;{word}={_password(rnd)};Encrypt=True"


def _libpq(rnd: random.Random) -> str:
    return f"host={host(rnd)} port=5432 user={rnd.choice(_NAMES).lower()} password={_password(rnd)} dbname={rnd.choice(WORDS)}"


def _jdbc(rnd: random.Random) -> str:
    return f"jdbc:{rnd.choice(['postgresql', 'mysql', 'mariadb'])}://{host(rnd)}/{rnd.choice(WORDS)}?user=app&password={quote(_password(rnd), safe='')}&ssl=true"


def _storage(rnd: random.Random) -> str:
    key = base64.b64encode(rnd.randbytes(64)).decode()
    return f"DefaultEndpointsProtocol=https;AccountName={rnd.choice(WORDS)};AccountKey={key};EndpointSuffix=core.windows.net"


def _bearer(rnd: random.Random) -> str:
    return f"Authorization: Bearer {_some(rnd, _URLSAFE, rnd.randrange(20, 64))}"


def _basic(rnd: random.Random) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{rnd.choice(_NAMES)}:{_password(rnd)}".encode()).decode()


def _cookie(rnd: random.Random) -> str:
    name = rnd.choice(["sessionid", "connect.sid", "PHPSESSID", "_session", "remember_me"])
    head = rnd.choice(["Cookie: ", "Set-Cookie: ", "cookie: "])
    return f"{head}{name}={_some(rnd, _ALNUM, 32)}; theme=dark"


def _api_key_header(rnd: random.Random) -> str:
    name = rnd.choice(
        ["X-Api-Key", "x-api-key", "X-Auth-Token", "apikey", "Ocp-Apim-Subscription-Key", "X-Vault-Token"]
    )
    return f"{name}: {_some(rnd, _ALNUM, rnd.randrange(20, 48))}"


def _assignment(rnd: random.Random) -> str:
    key = rnd.choice(
        [
            "password",
            "api_key",
            "API_KEY",
            "secret",
            "client_secret",
            "DB_PASSWORD",
            "access_token",
            "auth_token",
            "SECRET_KEY",
            "passwd",
        ]
    )
    shape = rnd.choice(["{}={}", "{}='{}'", '{}="{}"', "--{}={}", "export {}={}", "{} = '{}'", "{}: '{}'"])
    return shape.format(key, _password(rnd))


def _in_json(rnd: random.Random) -> str:
    key = rnd.choice(
        ["password", "apiKey", "client_secret", "refresh_token", "secretKey", "accessToken", "private_key"]
    )
    document = {"id": rnd.randrange(999), key: _password(rnd), "name": rnd.choice(_NAMES)}
    text = json.dumps(document)
    return rnd.choice([text, str(document), json.dumps(text), json.dumps(document, indent=2)])


def _aws_pair(rnd: random.Random) -> str:
    shape = rnd.choice(
        [
            "aws_secret_access_key = {}",
            "AWS_SECRET_ACCESS_KEY={}",
            "aws secret {}",
            "AKIA" + _some(rnd, _BASE32, 16) + " {}",
        ]
    )
    return shape.format(_some(rnd, _ALNUM + "/+", 38) + _some(rnd, string.digits, 1) + "a")


def _url_parameter(rnd: random.Random) -> str:
    key = rnd.choice(["access_token", "api_key", "token", "sig", "client_secret", "key", "password", "auth"])
    value = quote(base64.b64encode(rnd.randbytes(32)).decode(), safe="") if key == "sig" else _some(rnd, _ALNUM, 32)
    return f"https://{host(rnd)}/v1/{rnd.choice(WORDS)}?page=2&{key}={value}&sort=asc"


_HEX32 = (_HEX, 32)
SECRETS: Mapping[str, Make] = {
    "aws": _one_of(_form("AKIA{}", (_BASE32, 16)), _form("ASIA{}", (_BASE32, 16))),
    "aws_secret": _aws_pair,
    "google": _one_of(
        _form("AIza{}", (_URLSAFE, 35)), _form("ya29.{}", (_URLSAFE, 120)), _form("GOCSPX-{}", (_URLSAFE, 28))
    ),
    "azure": _one_of(_storage, _form("{}8Q~{}", (_ALNUM, 3), (_ALNUM + "_-.~", 34))),
    "github": _one_of(
        *(_form(f"gh{letter}_{{}}", (_ALNUM, 36)) for letter in "pousr"),
        _form("github_pat_{}_{}", (_ALNUM, 22), (_ALNUM, 59)),
    ),
    "gitlab": _one_of(
        _form("glpat-{}", (_URLSAFE, 20)),
        _form("glrt-{}", (_URLSAFE, 20)),
        _form("gldt-{}", (_URLSAFE, 20)),
        _form("glptt-{}", (_HEX, 40)),
    ),
    "slack": _one_of(
        _form("xoxb-{}-{}-{}", (string.digits, 11), (string.digits, 12), (_ALNUM, 24)),
        _form("xoxp-{}-{}-{}", (string.digits, 11), (string.digits, 12), (_HEX, 32)),
        _form("xapp-1-A{}-{}-{}", (_UPPER, 10), (string.digits, 13), (_HEX, 64)),
    ),
    "slack_webhook": _form("https://hooks.slack.com/services/T{}/B{}/{}", (_UPPER, 8), (_UPPER, 8), (_ALNUM, 24)),
    "stripe": _one_of(
        _form("sk_live_{}", (_ALNUM, 24)),
        _form("rk_live_{}", (_ALNUM, 99)),
        _form("sk_test_{}", (_ALNUM, 24)),
        _form("whsec_{}", (_ALNUM, 32)),
    ),
    "openai": _one_of(
        _form("sk-{}T3BlbkFJ{}", (_ALNUM, 20), (_ALNUM, 20)),
        _form("sk-proj-{}", (_URLSAFE, 120)),
        _form("sk-{}", (_HEX, 32)),
        _form("sk-svcacct-{}", (_URLSAFE, 60)),
    ),
    "anthropic": _form("sk-ant-api03-{}AA", (_URLSAFE, 93)),
    "huggingface": _form("hf_{}", (string.ascii_letters, 34)),
    "npm": _form("npm_{}", (_ALNUM, 36)),
    "pypi": _form("pypi-AgEIcHlwaS5vcmc{}", (_URLSAFE, 150)),
    "sendgrid": _form("SG.{}.{}", (_URLSAFE, 22), (_URLSAFE, 43)),
    "twilio": _form("SK{}", _HEX32),
    "telegram": _form("{}:AA{}", (string.digits, 10), (_URLSAFE, 33)),
    "discord": lambda rnd: (
        f"{_base64url(_some(rnd, string.digits, 18).encode())}.{_some(rnd, _URLSAFE, 6)}.{_some(rnd, _URLSAFE, 38)}".replace(
            "=", ""
        )
    ),
    "digitalocean": _form("dop_v1_{}", (_HEX, 64)),
    "databricks": _form("dapi{}", _HEX32),
    "shopify": _one_of(_form("shpat_{}", _HEX32), _form("shpss_{}", _HEX32)),
    "square": _one_of(
        _form("sq0atp-{}", (_URLSAFE, 22)), _form("sq0csp-{}", (_URLSAFE, 43)), _form("EAAA{}", (_URLSAFE, 60))
    ),
    "mailgun": _form("key-{}", _HEX32),
    "mailchimp": _form("{}-us{}", _HEX32, ("123456789", 1)),
    "heroku": _form("HRKU-AA{}", (_URLSAFE, 58)),
    "vault": _form("hvs.{}", (_URLSAFE, 95)),
    "grafana": _form("glsa_{}_{}", (_ALNUM, 32), (_HEX, 8)),
    "newrelic": _form("NRAK-{}", (_UPPER, 27)),
    "docker": _form("dckr_pat_{}", (_URLSAFE, 27)),
    "atlassian": _form("ATATT3xFfGF0{}", (_URLSAFE + "=", 180)),
    "linear": _form("lin_api_{}", (_ALNUM, 40)),
    "postman": _form("PMAK-{}-{}", (_HEX, 24), (_HEX, 34)),
    "tailscale": _form("tskey-auth-{}-{}", (_ALNUM, 12), (_ALNUM, 30)),
    "age": _form("AGE-SECRET-KEY-1{}", ("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    "jwt": _jwt,
    "private_key": _pem,
    "pgp": _pgp,
    "url_credentials": _url,
    "database_url": _database_url,
    "ado": _ado,
    "libpq": _libpq,
    "jdbc": _jdbc,
    "bearer": _bearer,
    "basic": _basic,
    "cookie": _cookie,
    "api_key_header": _api_key_header,
    "assignment": _assignment,
    "json": _in_json,
    "url_parameter": _url_parameter,
    "card": _card,
    "iban": _iban,
    "password_hash": _form("$2b$12${}", (_ALNUM + "./", 53)),
}

WORDS = (
    "harbor violet engine lantern copper meadow signal orbit walnut ember canyon thistle marble falcon tundra cedar"
    " beacon pepper quartz willow"
).split()
_NAMES = "Ada Grace Linus Barbara Edsger Margaret Alan Radia Ken Frances".split()


def _name(rnd: random.Random) -> str:
    return f"{rnd.choice(_NAMES)} {rnd.choice(WORDS).capitalize()}"


def host(rnd: random.Random) -> str:
    """Return the name of some host."""
    return f"{rnd.choice(WORDS)}.{rnd.choice(['internal', 'example.com', 'svc.cluster.local'])}"
