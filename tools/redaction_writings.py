"""How programs, files and commands write secrets down: the same few secrets in very many places."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALNUM = string.ascii_letters + string.digits

# Keys whose value goes whatever it is, in the spellings of settings, headers, environments and forms.
_KEYS = [
    "password",
    "passwd",
    "PASSWORD",
    "db_password",
    "DB_PASS",
    "dbPassword",
    "user.password",
    "spring.datasource.password",
    "secret",
    "client_secret",
    "clientSecret",
    "SECRET_KEY",
    "secret_key_base",
    "api_key",
    "apiKey",
    "API-KEY",
    "x-api-key",
    "access_token",
    "accessToken",
    "refresh_token",
    "auth_token",
    "id_token",
    "bearer_token",
    "private_key",
    "aws_secret_access_key",
    "encryption_key",
    "signing_key",
    "webhook_secret",
    "jwt_secret",
    "session_secret",
    "admin_password",
    "MYSQL_ROOT_PASSWORD",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "GITHUB_TOKEN",
    "SLACK_TOKEN",
    "OPENAI_API_KEY",
    "api_secret",
    "app_secret",
    "consumer_secret",
    "master_key",
    "passphrase",
    "credentials",
    "oauth_token",
    "csrf_token",
    "token",
    "pwd",
    "otp_secret",
    "service_account_key",
    "account_key",
    "storage_key",
    "shared_secret",
    "hmac_key",
    "DJANGO_SECRET_KEY",
    "personal_access_token",
    "security_token",
    "session_token",
    "vault_token",
    "npm_token",
    "registry_password",
    "truststore-password",
    "ssl.key.password",
    "sudo_password",
    "wifi_password",
    "bind_password",
    "bindpw",
    "userPassword",
    "newPassword",
    "password_confirmation",
    "user[password]",
    "authToken",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "x-auth-token",
    "X-Amz-Security-Token",
    "X-Csrf-Token",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "PRIVATE-TOKEN",
    "X-Vault-Token",
    "license_key",
    "activation_key",
    "recovery_key",
    "seed_phrase",
    "mnemonic",
    "pin_code",
    "tls_key",
    "ssh_key",
    "rsa_private_key",
    "access_key",
    "AccountKey",
    "SharedAccessKey",
    "AZURE_DEVOPS_EXT_PAT",
]
_ASSIGNED = [
    "password",
    "db_password",
    "DB_PASSWORD",
    "api_key",
    "API_KEY",
    "secret",
    "client_secret",
    "access_token",
    "auth_token",
    "SECRET_KEY",
    "passwd",
    "refresh_token",
    "private_token",
]
_WRITINGS = (
    "{k}={v}", "{k}: {v}", "{k} = {v}", '"{k}": "{v}"', "'{k}': '{v}'", "{k}='{v}'", '{k}="{v}"', "?{k}={v}&x=1",
    "export {k}={v}", "--{k} {v}", "--{k}={v}", "{k} => '{v}'", "<{k}>{v}</{k}>", "failed with {k}={v}, retrying",
    "Login({k}='{v}', x=1)", "ENV {k} {v}", "set {k}={v}", "{k}:{v}", '\\"{k}\\": \\"{v}\\"', '{k}: "{v}"\n  x: 1',
    "  {k}: {v}\n  host: h", "[db]\n{k} = {v}\nx=1", "{k}={v};", '$env:{k} = "{v}"', "-e {k}={v}", "&{k}={v}",
    "{k}%3D{v}", "data: {{'{k}': '{v}'}}", 'const {k} = "{v}";', "{k}: str = '{v}'", "{k}\t{v}", "-D{k}={v}", "{k}|{v}",
    "{k}:\n  {v}", "{k}: >-\n  {v}\n", "**{k}**: {v}", "| {k} | {v} |", "- name: {k}\n  value: {v}\n", "{k}: `{v}`",
    "<key>{k}</key><string>{v}</string>", '<add key="{k}" value="{v}" />', '<db user="a" {k}="{v}"/>', "{k}=\u201c{v}\u201d",
    'form-data; name="{k}"\r\n\r\n{v}\r\n--x', "invalid {k} provided: {v}", "{k}={v}\u2026", "the {k} is {v}.",
)  # fmt: skip
_HEADERS = (
    "Authorization: Bearer {}", "authorization: bearer {}", "Authorization: token {}", "'Authorization': 'Bearer {}'",
    '{{"Authorization": "Bearer {}"}}', "Proxy-Authorization: Bearer {}", "X-Api-Key: {}", "X-Auth-Token: {}",
    "PRIVATE-TOKEN: {}", "Cookie: sessionid={}; csrftoken=abc", "Set-Cookie: sid={}; Path=/; HttpOnly",
    "-H 'Authorization: Bearer {}'", "('authorization', 'Bearer {}')", "(b'authorization', b'Bearer {}')",
    "Authorization=Bearer {}", "Authorization: ApiKey {}", "sec-websocket-protocol: bearer, {}", "DD-API-KEY: {}",
    "x-amz-security-token: {}", "> Authorization: Bearer {}", "[header] Authorization => Bearer {}",
    'Authorization: Digest username="u", realm="r", response="{}"',
)  # fmt: skip
_ADDRESSES = (
    "postgres://app:{}@db:5432/x", "postgresql+psycopg2://app:{}@db.internal/x?sslmode=require",
    "mysql+pymysql://root:{}@127.0.0.1/x", "mongodb+srv://u:{}@c0.example.net/t?retryWrites=true",
    "redis://:{}@cache:6379/0", "amqp://guest:{}@mq:5672/%2f", "https://user:{}@git.example.com/r.git",
    "smtp://u%40x.de:{}@mail:587", "ldap://cn=admin:{}@ldap:389", "nats://u:{}@n:4222", "mssql+pyodbc://sa:{}@h/db?driver=x",
    "http://proxy:{}@10.0.0.1:3128", "elasticsearch://elastic:{}@es:9200", "jdbc:postgresql://h/db?user=a&password={}",
    "bolt://neo4j:{}@h:7687", "sftp://u:{}@h:22/p",
)  # fmt: skip
_CONNECTIONS = (
    "Server=tcp:h,1433;Initial Catalog=d;User ID=u;Password={};Encrypt=True", "Data Source=h;Uid=u;Pwd={};",
    "host=h dbname=d user=u password={} port=5432", "Driver={{ODBC Driver 18}};Server=h;UID=sa;PWD={}",
    "user id=scott;password={};data source=orcl", "host=h;user=u;passwd={};db=d",
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{}";',
    "cache.example.net:6380,password={},ssl=True,abortConnect=False",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core.windows.net",
    "Endpoint=sb://n.example.net/;SharedAccessKeyName=Root;SharedAccessKey={}",
)  # fmt: skip
_COMMANDS = (
    "mysqldump -u root --password={} db", "PGPASSWORD={} psql -h h", "machine h login u password {}",
    "CREATE USER a WITH PASSWORD '{}'", "ALTER ROLE a PASSWORD '{}'", "CREATE USER 'a'@'%' IDENTIFIED BY '{}'",
    "curl -u bob:{} https://h", "wget --http-password={} x", "helm install --set auth.password={}", "requests.get(u, auth=('bob', '{}'))",
    "redis.conf: requirepass {}", 'login(email: "a", password: "{}")', "email=a%40b.c&password={}&go=1",
)  # fmt: skip


def _password(rnd: random.Random) -> str:
    return rnd.choice(
        ["Tr0ub4dor3", "hunter2", "correct-horse-battery-9", "P@ssw0rd23", "xK9mQ2vL", "Summer2024", "zaq12wsx"]
        + ["".join(rnd.choices(_ALNUM, k=14)) + "7"] * 7
    )


def _token(rnd: random.Random) -> str:
    return "".join(rnd.choices(_ALNUM, k=rnd.randrange(20, 40))) + "7"


def writings(seed: int, per_kind: int) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield (kind, place, what must not be left, attributes), *per_kind* times each writing of a secret."""
    rnd = random.Random(seed)
    for _ in range(per_kind):
        yield from _assigned(rnd)
        yield from _filled("header value", _HEADERS, _token, rnd)
        yield from _filled("address", _ADDRESSES, lambda rnd: quote(_password(rnd), safe=""), rnd)
        yield from _filled("connection", _CONNECTIONS, _password, rnd)
        yield from _filled("command", _COMMANDS, _token, rnd)
        yield from _structured(rnd)
        yield from _far_in(rnd)


def _filled(
    kind: str, templates: tuple[str, ...], make: Any, rnd: random.Random
) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for template in templates:
        secret = make(rnd)
        yield kind, "text", secret, {rnd.choice(["note", "x", "message"]): template.format(secret)}


def _assigned(rnd: random.Random) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for writing in _WRITINGS:
        secret = _token(rnd)
        text = writing.format(k=rnd.choice(_ASSIGNED), v=secret)
        yield "written", "text", secret, {"note": text}
        yield "written", "bytes", secret, {"raw": text.encode()}


def _structured(rnd: random.Random) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for key in _KEYS:
        secret = _token(rnd) if rnd.random() < 0.7 else _password(rnd)
        shape = rnd.choice([secret, [secret, "x"], {"value": secret}, {"deep": [{"n": secret}]}])
        yield "key", "telling key", secret, {key: shape}
        yield "key", "nested", secret, {"request": {"fields": [{key: secret}]}}
        yield "key", "nested", secret, {"env": [{"name": key, "value": secret}]}
    secret = _token(rnd)
    yield "key", "nested", secret, {"argv": ["mysql", "--password", secret]}
    yield "key", "nested", secret, {"env": ["A=b", f"DB_PASSWORD={secret}"]}
    yield "key", "nested", secret, {"headers": [["authorization", f"Bearer {secret}"]]}
    yield "json", "text", secret, {"x": json.dumps({"a": json.dumps({"b": json.dumps({"password": secret})})})}
    basic = base64.b64encode(f"user:{secret}".encode()).decode()
    yield "basic", "nested", basic, {"headers": {"authorization": f"Basic {basic}"}}


def _far_in(rnd: random.Random) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield secrets deep inside long texts, also where the redactor stops looking and withholds the rest."""
    for length in (5_000, 16_300, 60_000, 65_000, 65_500, 65_530, 200_000):
        token = "ghp_" + "".join(rnd.choices(_ALNUM, k=36))
        secret = _token(rnd)
        for core, text in ((token, token), (secret, f"password={secret}"), (secret, f"redis://u:{secret}@h/0")):
            yield "far in", "long text", core, {"x": "lorem ipsum " * (length // 12) + text + " and on" * 9}
