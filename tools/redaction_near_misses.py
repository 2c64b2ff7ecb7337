"""More ordinary strings, written down without a look at the rules: ids of services, statements, code, errors, prose."""

# ruff: noqa: SIM905 - nothing here protects anything, and words in a row are easier to read

from __future__ import annotations

import base64
import json
import random
import re
import string
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "u": string.ascii_letters + string.digits + "_-",
    "h": "0123456789abcdef",
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "H": "0123456789ABCDEF",
}
_PART = re.compile(r"<(?P<alphabet>[auhlUdwisH])(?P<length>[0-9]*)>")
_WORDS = (
    "alpha report model train garden value north stream window layer batch queue worker driver engine planet reader"
    " socket filter parser kernel thread matrix vector sample result source target config loader module server client"
    " record update insert select delete render export import branch commit merge review ticket sprint"
).split()
_MODELS = (
    "gpt-4o-mini-2024-07-18 claude-3-5-sonnet-20241022 meta-llama/Llama-3.1-70B-Instruct text-embedding-3-large"
    " mistralai/Mixtral-8x7B-Instruct-v0.1 gemini-1.5-pro-002 Qwen/Qwen2.5-Coder-32B-Instruct-GPTQ-Int4"
    " sentence-transformers/all-MiniLM-L6-v2 anthropic.claude-3-haiku-20240307-v1:0 whisper-large-v3-turbo"
    " stabilityai/stable-diffusion-xl-base-1.0 deepseek-ai/DeepSeek-R1-Distill-Qwen-32B"
).split()


def fill(rnd: random.Random, template: str) -> str:
    """Return *template* with `<h12>` as twelve characters of an alphabet, `<w>` a word, `<i>` a number, `<s>` a UUID."""

    def part(found: re.Match[str]) -> str:
        kind = found["alphabet"]
        if kind == "w":
            return rnd.choice(_WORDS)
        if kind == "i":
            return str(rnd.randrange(9_999))
        if kind == "s":
            return str(uuid.UUID(int=rnd.getrandbits(128)))
        return "".join(rnd.choices(_ALPHABETS[kind], k=int(found["length"])))

    return _PART.sub(part, template)


_IDS = (
    "<h40>", "<h7>", "commit <h40>\nAuthor: A <a@x.de>", "<h8>..<h8> main -> main", "index <h7>..<h7> 100644",
    "From <h40> Mon Sep 17 00:00:00 2001", "refs/heads/<w>/<w>-<i>", "<s>", "urn:uuid:<s>", "order <s> shipped",
    "request_id=<s>", "/v1/users/<s>/items", "<w>-<s>", "key=<s>", "kafka key <s>", "req_<a24>", "chatcmpl-<a29>",
    "call_<a24>", "msg_01<a22>", "toolu_01<a22>", "run-<h32>", "cus_<a14>", "evt_1<a23>", "pi_3<a23>",
    "thread_<a24>", "asst_<a24>", "file-<a24>", "batch_<h32>", "job_<a20>", "pod/<w>-<h10>-<l5>", "sha256:<h64>",
    "<w>@sha256:<h64>", "vol-0<h17>", "arn:aws:secretsmanager:eu-west-1:<d12>:secret:<w>-<a6>",
    "arn:aws:kms:us-east-1:<d12>:key/<s>", "projects/p/secrets/<w>/versions/3", "<U26>", "<a21>", "<h24>", "<d18>",
    "<Client object at 0x7f<h10>>", "Thread-<i> (worker)", "<w>_<w>_<w>_<w>_<w>", "test_<w>_<w>_with_<w>_token",
    "otel.<w>.<w>.<w>.duration", "UA-<d8>-1", "ocid1.instance.oc1.iad.<l60>", "build-<i>-g<h7>", "resp_<h48>",
    "run_<a24>", "snap_<a22>", "0x<h40>", "tracking 1Z<U16>", "org-<a24>", "+49 170 1234567",
    "session <h32> started", "traceparent 00-<h32>-<h16>-01", 'W/"<h20>"', "re_<w>_<w>", "sk_<w>_<w>",
    "live_<w>_<w>", "pa-<w>-<w>", "cs_<w>", "token-<w>-<w>",
)  # fmt: skip
_PATHS = (
    "/usr/lib/python3.11/site-packages/<w>/<w>.py", "C:\\Program Files\\<w>\\<w>.dll", "/home/u/.ssh/id_rsa.pub",
    "/etc/ssl/private/<w>.key", "s3://bucket/<w>/year=2026/month=02/part-<d5>-<s>.c000.snappy.parquet",
    "/scratch/tmp<l8>/<w>.json", "/var/lib/docker/overlay2/<h64>/merged",
    "node_modules/.pnpm/<w>@1.2.3/node_modules/<w>/index.js", "/nix/store/<l32>-<w>-1.0", "./secrets/<w>.yaml",
    "~/.config/<w>/credentials.json", "token.py:<i>", "tests/test_password_reset.py::test_<w>_token",
    "src/auth/password_validator.ts", "https://example.com/<w>?id=<i>&sort=asc",
    "https://api.example.com/oauth/token", "https://example.com/login?next=/<w>",
    "https://git.example.com/<w>/<w>/commit/<h40>", "https://cdn.example.com/assets/<w>.<h20>.js",
    "https://example.com/password/reset", "wss://h:443/socket?transport=websocket&sid=<u20>",
    "https://video.example.com/watch?v=<u11>", "https://docs.example.com/document/d/<u44>/edit",
    "https://example.com/@<w>/status/<d19>", "http://[::1]:8080/<w>", "http://user@host/path",
    "https://api.example.com/v1/keys/<i>", "https://a.b/c?page_token=<w>&key=<w>",
    "https://doi.org/10.1038/s41586-<d5>", "https://<w>.example.com/<w>/<h32>.png",
)  # fmt: skip
_PAIRS = (
    "tokens_used=<i>", "max_tokens=<i>", "token_count: <i>", "key=<w>", "cache_key=<w>:<i>", "sort_key=<w>",
    "auth=enabled", "session_id=<h12>", "user=bob action=login status=ok", "partition_key=<w>-<i>",
    "routing_key=<w>.<w>.created", "password_policy=strict", "pass_rate=0.<i>", "passed=<i> failed=0",
    "secret_name=<w>-db", "token_type=bearer", "n_keys=<i>", "key_size=2048 alg=RSA", "author=<w> coauthor=<w>",
    "keyword=<w>", "token_id=<i>", "eos_token=</s> pad_token=<pad>", "bos_token_id=1", "stop_tokens=['\\n']",
    "idempotency_key=<s>", "dedupe_key=<h40>", "next_token: <w>", "prompt_tokens=12 completion_tokens=34",
    "trace_id=<h32> span_id=<h16>", "key_prefix=<w>", "authority=<w>.example.com:443",
    "credential_type=service_account", "cookie_consent=true", "has_password=False", "is_secret=false",
    "password=None", "token=None", "api_key=None", "secret=***", "password=REDACTED", "with_token=True",
    "use_auth=1", "password=<redacted>", "api_key=[FILTERED]", "token=****",
)  # fmt: skip
_STATEMENTS = (
    "SELECT id, <w>, password_hash FROM users WHERE id = <i>", "UPDATE users SET password = %s WHERE id = %s",
    "INSERT INTO api_keys (id, name) VALUES (%s, %s)", "CREATE INDEX idx_<w>_token ON <w> (token)",
    "SELECT token FROM sessions WHERE user_id = $1", "ALTER TABLE users ADD COLUMN password VARCHAR(255) NOT NULL",
    "DELETE FROM tokens WHERE expires_at < now()", "SELECT * FROM keys k JOIN secrets s ON s.key_id = k.id",
    "WHERE api_key = :api_key AND secret = :secret", "WHERE password = ?", "GRANT SELECT ON tokens TO reader",
    "UPDATE t SET token = NULL", "password TEXT DEFAULT ''", "INSERT INTO u (name, password) VALUES (?, ?)",
)  # fmt: skip
_PROSE = (
    "I forgot my password again and had to reset it", "Your password has expired", "The secret ingredient is love",
    "password must contain a digit and a letter", "The token budget was exceeded after 3 retries",
    "please rotate the API key every 90 days", "the key takeaway is that caching helps",
    "Passwords are hashed with bcrypt", "He passed the exam with an authored essay", "Secret Santa is on the 24th",
    "token-level log-probabilities were averaged", "password strength: weak", "Password: too short",
    "password is required", "the password is incorrect", "token is invalid or expired", "secret not found in vault",
    "no credentials provided for registry", "Invalid API key", "api key is missing from the request",
    "authentication token has been revoked", "Cookie policy accepted", "cookies are enabled",
    "session cookie expired after 30 minutes", "the bearer of this letter", "Basic plan is active",
    "basic auth is disabled", "Basic HTML and CSS", "keyboard-interactive authentication",
    "public key authentication enabled", "The keynote starts at 9", "author: Jane Doe", "auth: none",
    "auth method = oauth2", "auth_type: password", "login method: password", "grant_type=password",
    "grant_type=client_credentials", "response_type=token", "token_endpoint_auth_method: client_secret_post",
    "password reset token sent to user", "Changed password for user bob", "password changed: true",
    "password last changed 3 days ago", "password attempts: 3", "secrets: inherit", "secret: optional",
    "token count: 1532", "total tokens: 4096", "tokens: 512/4096", "tokens=512", "pass: 12, fail: 3",
    "PASSED tests/test_x.py::test_token[abc123def456]", "pass@1=0.73 pass@10=0.91",
    "credential helper is configured", "key: Enter", "Press any key: continue", "primary_key=42",
    "foreign key constraint fails", "key error: missing column", "the private key was not found",
    "private key path is /etc/k.pem", "signature verified", "signature: valid", "webhook delivered in 120 ms",
    "license: Apache-2.0", "license key not set", "pin: 3 of 5", "Der Schluessel passt nicht",
    "Passwort vergessen?", "mot de passe oublié", "¿Olvidó su contraseña?",
)  # fmt: skip
_CODE = (
    "token = next(tokens)", "password = input('Password: ')", "self._secret = secret", "if not token: return None",
    "api_key: str | None = None", "password: Optional[str] = None", "token: str = Field(default='')",
    "def check_password(password, hashed): ...", "const token = await getToken()",
    "headers['Authorization'] = f'Bearer {token}'", "headers={'X-Api-Key': API_KEY}",
    "raise ValueError('invalid token')", "os.environ['SECRET_KEY']", "secret = os.getenv('SECRET')",
    "tokens = tokenizer.encode(text)", "key = hashlib.sha256(data).hexdigest()", "for k, v in secrets.items():",
    "TOKEN = re.compile(r'[A-Za-z]+')", "password=settings.DB_PASSWORD,", "client_secret=config['client_secret']",
    "auth=(user, password)", "token=$(cat /run/token)", "export TOKEN=$TOKEN", "password: {{ .Values.password }}",
    "password: ${DB_PASSWORD}", "secretKeyRef: {name: db, key: password}", "api_key=YOUR_API_KEY",
    "api_key='<your-api-key>'", "password=...", "password = getpass('pw')", "assert response.token == token",
    "token, _ = parser.next()", "logger.info('token %s', token)", "print(f'{password=}')", "type Token = string;",
    "interface Props { token: string; password?: string }",
    "@click.option('--password', prompt=True, hide_input=True)", "password_input = page.locator('#password')",
    "key=lambda item: item.token", "sorted(keys, key=len)", "secrets.token_urlsafe(32)",
    "token_hex = secrets.token_hex", "from auth import token_required", "class TokenBucket(Bucket):",
    "key, value = line.split('=')", "Secret(name='db', namespace='default')", "password='%s'",
    'f"password={password!r}"',
)  # fmt: skip
_ERRORS = (
    "KeyError: '<w>_token'", "AuthenticationError: token rejected",
    'psycopg2.OperationalError: FATAL:  password authentication failed for user "app"',
    "401 Unauthorized: invalid credentials",
    "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://api.example.com/v1/tokens",
    "fatal: could not read Password for 'https://example.com': terminal prompts disabled",
    "ssl.SSLError: [SSL: KEY_VALUES_MISMATCH] key values mismatch (_ssl.c:4046)",
    "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
    "jwt.exceptions.ExpiredSignatureError: Signature has expired",
    "TypeError: __init__() missing 1 required positional argument: 'api_key'",
    "pydantic: password: field required (type=value_error.missing)",
    "password\n  field required (type=value_error.missing)", "token:\n  - must be a string",
    "api_key\n  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]",
    "ValidationError: secret: str type expected", "JSONDecodeError: Unexpected token o in JSON at position 1",
    "CSRF token missing or incorrect.", "Access token expired at 2026-01-01T00:00:00Z", "token expires in 3600s",
    "Permission denied (publickey,password).",
    "redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair",
    'error: secret "db" not found',
)  # fmt: skip
_DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}}, {"key": "window", "value": 7},
    {"author": "window", "session_id": "s-1"}, {"auth": {"type": "none"}}, {"password": None, "token": ""},
    {"token": True}, {"keys": ["a", "b"]}, {"name": "password", "type": "string", "required": True},
    {"field": "password", "error": "too short"}, {"token_type": "Bearer", "expires_in": 3600},
    {"model": "gpt-4o", "max_tokens": 100}, {"id": "chatcmpl-7", "object": "chat.completion"},
    {"signature": "def f(x): ..."}, {"license": "MIT", "keywords": ["auth", "token"]}, {"secret": "***"},
    {"properties": {"password": {"type": "string"}, "api_key": {"type": "string"}}},
    {"required": ["username", "password"]},
)  # fmt: skip
_ATTRIBUTES: tuple[tuple[str, Any], ...] = (
    ("author", "<w>"), ("session_id", "<h40>"), ("tokens_used", 4), ("passed", True), ("token_count", 9),
    ("max_tokens", 4096), ("key", "k"), ("cache_key", "<h40>"), ("idempotency_key", "<s>"), ("primary_key", 4),
    ("auth_method", "oauth"), ("token_type", "Bearer"), ("password_changed_at", "2026"), ("public_key", "<a40>"),
    ("public_key_id", "<a20>"), ("key_id", "<a20>"), ("commit", "<h40>"), ("etag", "<a32>"), ("tokenizer", "bpe"),
    ("keyword", "x"), ("next_token", "<a30>"), ("page_token", "<a30>"), ("monkey", "m"), ("compass", "<a20>"),
    ("secretary", "Ann"), ("authority", "x"), ("passenger", "p"), ("tokens_per_second", 3.2),
    ("token_usage.total", 3), ("gen_ai.usage.input_tokens", 3), ("llm.token_count.prompt", 3),
    ("http.request.header.accept", "*/*"), ("has_secret", True), ("secret_count", 3), ("credential_id", "<a20>"),
    ("api_key_name", "ci"), ("key_pressed", "Enter"), ("keys", "a,b"), ("pass", "2"), ("passes", 2),
    ("pass_rate", 0.2), ("signature", "f(x)"), ("hook_signature", "def f()"), ("auth.user", "bob"),
    ("db.user", "app"), ("token_index", 3), ("eos_token", "</s>"), ("stop_token", "END"),
    ("special_tokens", ["<s>"]), ("sort_key", "name"), ("hash_key", "<h12>"), ("s3.key", "a/b/c.parquet"),
    ("object_key", "a/b.json"), ("messaging.kafka.message.key", "<w>-12"), ("code.function", "reset_password"),
    ("password_policy", "strict"), ("password_field", "#pw"), ("secret_name", "db"), ("cookie_banner", "shown"),
    ("session.id", "<h32>"), ("device_id", "<h16>"), ("license", "MIT"), ("pin", "12"), ("card_type", "visa"),
    ("card_last4", "4242"), ("iban_country", "DE"), ("otp_sent", True), ("access_level", "admin"),
    ("access_count", 3), ("oauth_provider", "google"), ("jwt_alg", "RS256"), ("encryption", "AES256"),
    ("private", True), ("seed", 42), ("salt_bridge", 1),
)  # fmt: skip


def _no_card(rnd: random.Random) -> str:
    """Return what looks like a card's number, and has no valid checksum."""
    digits = [4, *(rnd.randrange(10) for _ in range(14))]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[::2]]
    valid = -(sum(doubled) + sum(digits[1::2])) % 10
    number = "".join(map(str, digits)) + str((valid + rnd.randrange(1, 10)) % 10)
    groups = " ".join(number[start : start + 4] for start in (0, 4, 8, 12))
    return rnd.choice([number, groups, f"order {number}", f"id={number}"])


def _instant(rnd: random.Random) -> Any:
    moment = datetime.fromtimestamp(rnd.randrange(1_500_000_000, 1_900_000_000), timezone.utc)
    seconds = moment.timestamp()
    return rnd.choice(
        [
            moment.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            moment.strftime("%Y%m%dT%H%M%SZ"),
            int(seconds * 1e3),
            int(seconds * 1e6),
            int(seconds * 1e9),
            seconds,
        ]
    )


def _encoded(rnd: random.Random) -> str:
    harmless = " ".join(rnd.choice(_WORDS) for _ in range(8))
    raw = base64.b64encode(rnd.randbytes(48)).decode()
    return rnd.choice(
        [
            base64.b64encode(harmless.encode()).decode(),
            raw,
            f"data:image/png;base64,{raw}",
            f"sha256-{raw}",
            f"SHA256:{raw[:43]}",
            f'integrity="sha384-{raw}"',
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{raw} u@h",
        ]
    )


def _one_of(templates: tuple[str, ...]) -> Callable[[random.Random], str]:
    return lambda rnd: fill(rnd, rnd.choice(templates))


_MAKES: tuple[Callable[[random.Random], Any], ...] = (
    *map(_one_of, (_IDS, _IDS, _PATHS, _PAIRS, _STATEMENTS, _PROSE, _CODE, _ERRORS)),
    lambda rnd: rnd.choice(_MODELS),
    lambda rnd: json.dumps(rnd.choice(_DOCUMENTS)),
    _no_card,
    _instant,
    _encoded,
)


def near_misses(seed: int, count: int) -> Iterator[tuple[str, object]]:
    """Yield *count* pairs of key and value: the attributes whose keys look sensitive and are not, then random ones."""
    rnd = random.Random(seed)
    for key, value in _ATTRIBUTES:
        yield key, fill(rnd, value) if isinstance(value, str) else value
    for _ in range(count - len(_ATTRIBUTES)):
        yield rnd.choice(["note", "message", "output", "x", "detail", "args", "text"]), rnd.choice(_MAKES)(rnd)
