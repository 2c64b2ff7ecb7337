"""Ordinary strings and attributes from program life, with what looks like secrets and is none; generated, seeded."""

# ruff: noqa: SIM905 - nothing here protects anything, and words in a row are easier to read

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Make: TypeAlias = "Callable[[random.Random], tuple[str, object]]"

_HEX = "0123456789abcdef"
_WORDS = (
    "evidence search quality author session notes passenger keyboard tokenizer passed password-less monkey keynote"
    " authority cookiecutter secretary signal design assigned basically bearing credential-free compass bypass"
    " passive passport key token keyword tokens auth authored secret-santa pipeline retrieval synthesis antithesis"
    " thesis cache entropy baseline gradient reward seed garden harvest window bucket vector graph"
).split()
_PROSE = (
    "The author of the session notes passed the review; no key finding was missed.",
    "Used 1532 tokens of 4096, token rate 87.2/s, next token predicted in 12 ms",
    "Password reset requested; the password must be at least 12 characters long.",
    "Please enter your password: it will not be shown",
    "Invalid token: unexpected end of input at line 3",
    "SyntaxError: unexpected token '}' in JSON at position 42",
    "unexpected token: ILLEGAL",
    "primary key: id, foreign key: user_id, sort key: created_at",
    "KeyError: 'password'",
    "KeyError: 'api_key'",
    "missing required field: password",
    "the secret of good bread: patience",
    "Authorization: required",
    "authorization failed for user bob: token expired",
    "cookie consent: accepted by the visitor",
    "Bearer authentication is not configured",
    "basic understanding of the topic is assumed",
    "Basic authentication failed for realm admin",
    "She carried the torch, a bearer of light",
    "access denied: credentials not provided",
    "password: ********",
    "password=<hidden>",
    "api_key=${API_KEY}",
    "token: null",
    "secret_name=prod/db secret_version=3",
    "session_id=s-1 task_id=t-42 persona=thesis cycle=7",
    "max_tokens=4096 temperature=0.7 stop_token=None tokens_used=12",
    "SSH key fingerprint is recorded elsewhere",
    "keys: 12, values: 40, tokens: 300",
    "passed=True passes=3 pass=2 second_pass=False",
    "token_type=Bearer expires_in=3600",
    "Der Schlüssel liegt unter der Matte, das Passwort kennt nur Anna.",
    "Le mot de passe doit contenir au moins huit caractères.",
    "El autor de la sesión aprobó las notas.",
    "Пароль должен содержать не менее восьми символов",
    "密码必须至少包含八个字符",
    "パスワードを忘れた場合はこちら",
    "mot-clé: synthèse; auteur: Zoé",
    "GET /api/v1/users?page=2&sort=asc&next_token=3 200 12ms",
    "https://example.com/reset-password?lang=en",
    "https://medium.com/@author/the-key-to-good-notes-12ab34cd56ef",
    "ssh://git@example.com:22/team/project.git",
    "git@example.com:team/project.git",
    "http://localhost:8080/@user/path",
    "mailto:ada@example.com",
    "postgresql://db.internal:5432/app",
    "redis://localhost:6379/0",
    "user ada@example.com logged in from 10.0.0.7:52814",
    "Keyboard interrupt: pass --force to go on",
    "self.token = token",
    "password = getpass.getpass()",
    "api_key = os.environ['OPENAI_API_KEY']",
    "def login(user: str, password: str) -> Token:",
    "if password is None: raise ValueError",
    "client = Client(api_key=settings.API_KEY)",
    "token = request.headers.get('Authorization')",
    "assert token == expected_token",
    "for key, value in mapping.items():",
    "parser.add_argument('--password', help='the password')",
    "--token string   token used to log in",
    "$ kubectl get secret app-credentials -o yaml",
    "Secret 'app-credentials' created in namespace default",
    "key: value",
    "key=value",
    "the cache key is user:42:profile",
    "cache_key=thumb:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "partition_key=2026-02-14 row_key=000017",
    "sk-learn-compatible-estimator-wrapper is deprecated",
    "risk-assessment-for-quarterly-report finished",
    "task-000001 waits for task-000002",
    "AC power restored; SK hynix memory found",
    "eyJ is how a token begins",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "Order 4006381333931 shipped, EAN 4006381333931",
    "ISBN 978-3-16-148410-0",
    "call +49 30 1234 5678 or +1 (555) 010-1234",
    "version 4.11.1111-beta.1+build.20260214",
    "192.168.100.200:8443 -> 10.20.30.40:51123",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "de:ad:be:ef:00:01",
)
_LINES_OF_CODE = (
    "return [token for token in tokenizer.encode(text) if token.pass_count > {n}]",
    "self.assertEqual(author.session_key_count, {n})",
    'logger.info("passed %d of %d checks", passed, {n})',
    "SELECT author, session_id FROM notes WHERE key_id = {n} ORDER BY pass LIMIT 10",
    "CREATE TABLE tokens (id INTEGER PRIMARY KEY, kind TEXT, used INTEGER DEFAULT {n})",
    "lambda key: (key.author, -key.tokens_used, {n})",
    "kubectl rollout status deployment/auth-service --timeout={n}s",
    "pip install tokenizers=={n}.15.0 authlib==1.3.{n}",
    "docker run -p {n}:8080 -e MODE=production app:latest",
    "cp /etc/ssl/certs/ca-bundle.crt /srv/app/{n}/keys/public.pem",
)


def _digest(rnd: random.Random) -> str:
    name = rnd.choice(["md5", "sha1", "sha256", "sha512"])
    return hashlib.new(name, rnd.randbytes(16), usedforsecurity=False).hexdigest()


def _instant(rnd: random.Random) -> str:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=rnd.random() * 3e7)
    return rnd.choice(
        [
            moment.isoformat(),
            moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            moment.strftime("%Y%m%d%H%M%S%f"),
            moment.strftime("%Y-%m-%d %H:%M:%S,123"),
            str(int(moment.timestamp() * 1e9)),
            str(int(moment.timestamp() * 1e6)),
            str(int(moment.timestamp() * 1e3)),
            f"{moment.timestamp():.6f}",
        ]
    )


def _path(rnd: random.Random) -> str:
    parts = [rnd.choice(_WORDS) for _ in range(rnd.randrange(2, 6))]
    name = (
        f"{rnd.choice(_WORDS)}_{rnd.randrange(999)}.{rnd.choice(['py', 'json', 'pdf', 'log', 'pem', 'key', 'parquet'])}"
    )
    return rnd.choice(
        [
            "/" + "/".join([*parts, name]),
            "C:\\Users\\ada\\" + "\\".join([*parts, name]),
            "\\\\share\\" + name,
            f"s3://{parts[0]}/{'/'.join(parts[1:])}/{name}",
        ]
    )


def _log_line(rnd: random.Random) -> str:
    pairs = " ".join(f"{rnd.choice(_PAIR_KEYS)}={_plain(rnd)}" for _ in range(rnd.randrange(1, 6)))
    return f"{_instant(rnd)} {rnd.choice(['INFO', 'DEBUG', 'WARNING'])} {rnd.choice(_WORDS)}.{rnd.choice(_WORDS)}: {_sentence(rnd)} {pairs}"


def _sentence(rnd: random.Random) -> str:
    return " ".join(rnd.choice(_WORDS) for _ in range(rnd.randrange(3, 14)))


def _plain(rnd: random.Random) -> str:
    return rnd.choice(
        [
            str(rnd.randrange(10**6)),
            f"{rnd.random():.4f}",
            rnd.choice(_WORDS),
            "true",
            "None",
            f"{rnd.randrange(999)}ms",
            f"t-{rnd.randrange(999)}",
        ]
    )


def _image(rnd: random.Random) -> str:
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n" + rnd.randbytes(rnd.randrange(60, 600))).decode()


def _json(rnd: random.Random) -> str:
    document = {
        rnd.choice(_PAIR_KEYS): rnd.choice(
            [_plain(rnd), rnd.randrange(9999), None, True, [1, 2], str(uuid.UUID(int=rnd.getrandbits(128)))]
        )
        for _ in range(6)
    }
    return json.dumps(document)


def _identifier(rnd: random.Random) -> str:
    return rnd.choice(
        [
            str(uuid.UUID(int=rnd.getrandbits(128))),
            uuid.UUID(int=rnd.getrandbits(128)).hex,
            _digest(rnd),
            _digest(rnd)[:12],
            f"00-{rnd.getrandbits(128):032x}-{rnd.getrandbits(64):016x}-01",
            f"task-{rnd.randrange(10**6):06d}",
            f"{rnd.getrandbits(48):x}-{rnd.randrange(10**5):x}",
            f"req_{''.join(rnd.choices(string.ascii_letters + string.digits, k=16))}",
            f"sha256:{hashlib.sha256(rnd.randbytes(8)).hexdigest()}",
            f"sha512-{base64.b64encode(rnd.randbytes(64)).decode()}",
            "".join(rnd.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=26)),
            f"arn:aws:iam::{rnd.randrange(10**11, 10**12)}:role/{rnd.choice(_WORDS)}",
            f"i-0{rnd.getrandbits(64):016x}",
            f"{rnd.choice(_WORDS)}-{rnd.getrandbits(40):010x}-{''.join(rnd.choices('bcdfghjklmnpqrstvwxz2456789', k=5))}",
            str(rnd.randrange(10**17, 2 * 10**18)),
            f"v{rnd.randrange(9)}.{rnd.randrange(99)}.{rnd.randrange(99)}+g{_digest(rnd)[:7]}",
            "".join(rnd.choices(string.ascii_letters, k=11)),
        ]
    )


def _frame(rnd: random.Random) -> str:
    lines = [
        f'  File "{_path(rnd)}", line {rnd.randrange(999)}, in {rnd.choice(_WORDS).replace("-", "_")}\n    {rnd.choice(_LINES_OF_CODE).format(n=rnd.randrange(99))}'
        for _ in range(rnd.randrange(1, 5))
    ]
    return "\n".join(["Traceback (most recent call last):", *lines, f"ValueError: {rnd.choice(_PROSE[:10])}"])


def _number(rnd: random.Random) -> str:
    return rnd.choice(
        [
            f"{rnd.uniform(-1e6, 1e6)!r}",
            f"${rnd.uniform(0, 1e4):,.2f}",
            f"{rnd.random():.17f}",
            f"{rnd.randrange(10**12)}",
            f"{rnd.uniform(0, 90):.8f}, {rnd.uniform(0, 180):.8f}",
            f"{rnd.randrange(100)}%",
            str([round(rnd.random(), 4) for _ in range(6)]),
        ]
    )


def _url(rnd: random.Random) -> str:
    return f"https://{rnd.choice(_WORDS)}.example.com:{rnd.choice([80, 443, 8080])}/{rnd.choice(_WORDS)}/{_identifier(rnd)}?page={rnd.randrange(9)}&q={rnd.choice(_WORDS)}#{rnd.choice(_WORDS)}"


_PAIR_KEYS = (
    "author session_id tokens_used passed task_id persona cycle token_count max_tokens key_id cache_key primary_key"
    " passes author_id authored_at keyboard_layout password_length password_changed_at cookie_policy secret_name"
    " next_page_token token_type auth_method compass session_notes trace_id span_id sort_key monkey status count"
    " auth_enabled signature_valid design assigned_to passthrough tokenizer public_key_id session_start bypass"
    " user_agent commit checksum etag duration file_path host port region model prompt_tokens keywords key_count"
).split()
_VALUES: tuple[Callable[[random.Random], str], ...] = (
    _log_line, _sentence, _plain, _path, _json, _identifier, _identifier, _frame, _number, _url, _instant, _image,
    lambda rnd: rnd.choice(_PROSE), lambda rnd: rnd.choice(_LINES_OF_CODE).format(n=rnd.randrange(10**4)),
)  # fmt: skip


def ordinary(seed: int, count: int) -> Iterator[tuple[str, object]]:
    """Yield *count* pairs of key and value: every fixed sentence once, then random ones; keys are ordinary too."""
    rnd = random.Random(seed)
    for sentence in _PROSE:
        yield "message", sentence
    for _ in range(count - len(_PROSE)):
        key = (
            rnd.choice(_PAIR_KEYS) if rnd.random() < 0.5 else rnd.choice(["message", "note", "value", "data", "result"])
        )
        yield key, rnd.choice(_VALUES)(rnd)
