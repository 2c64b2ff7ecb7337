"""Secrets in texts: forms in which programs write them, and texts that only look like it."""

import pytest

from otel_events.redaction import RedactionSettings, Redactor

HIDDEN = [
    ("password=hunter2", "password=<REDACTED:password>"),
    ("Password: hunter2.", "Password: <REDACTED:password>."),
    ("the password is hunter2!", "the password is <REDACTED:password>!"),
    ("password=p@ss,w0rd! next", "password=<REDACTED:password>! next"),
    ('{"password": "correct horse"}', '{"password": "<REDACTED:password>"}'),
    (r"{\"password\": \"hunter2\"}", r"{\"password\": \"<REDACTED:password>\"}"),
    ("connect(password='x \\' y', user='b')", "connect(password='<REDACTED:password>', user='b')"),
    ("os.environ['API_KEY'] = 'abcd'", "os.environ['API_KEY'] = '<REDACTED:key>'"),
    ("headers=[('x-api-key', 'abc123')]", "headers=[('x-api-key', '<REDACTED:key>')]"),
    ("'password' => 'tiger'", "'password' => '<REDACTED:password>'"),
    ("login --password tiger --verbose", "login --password <REDACTED:password> --verbose"),
    ("<password>tiger</password>", "<password><REDACTED:password></password>"),
    ('<add key="ApiKey" value="abcdef"/>', '<add key="ApiKey" value="<REDACTED:key>"/>'),
    ("name: DB_PASSWORD\nvalue: x", "name: DB_PASSWORD\nvalue: x"),
    ("curl -u bob:tiger https://h", "curl -u bob:<REDACTED:password> https://h"),
    ("ALTER USER x IDENTIFIED BY 'tiger'", "ALTER USER x IDENTIFIED BY '<REDACTED:password>'"),
    (
        "IDENTIFIED WITH caching_sha2_password BY 'tiger'",
        "IDENTIFIED WITH caching_sha2_password BY '<REDACTED:password>'",
    ),
    ("SET PASSWORD FOR 'a'@'%' = 'tiger'", "SET PASSWORD FOR 'a'@'%' = '<REDACTED:password>'"),
    ("sshpass -p tiger ssh h", "sshpass -p <REDACTED:password> ssh h"),
    ("sqlplus scott/tiger@orcl", "sqlplus scott/<REDACTED:password>@orcl"),
    ("deploy --pass hunter2 --host h", "deploy --pass <REDACTED:password> --host h"),
    ("deploy --pass='hunter2'", "deploy --pass='<REDACTED:password>'"),
    ("Password for user bob: hunter2", "Password for user bob: <REDACTED:password>"),
    ('<meta name="csrf-token" content="abcd1234">', '<meta name="csrf-token" content="<REDACTED:token>">'),
    ("Recovery codes: a1b2c-d3e4f g5h6i-j7k8l", "Recovery codes: <REDACTED:secret>"),
    ("cvv=123", "cvv=<REDACTED:personal>"),
    ("4111.1111.1111.1111", "<REDACTED:card>"),
    ("Server=.;Password=a;b;Database=x", "Server=.;Password=<REDACTED:password>;Database=x"),
    ("/v1?page=1&access_token=abc&sort=asc", "/v1?page=1&access_token=<REDACTED:token>&sort=asc"),
    ("https://bob:s3cr%40t@host/x", "https://<REDACTED:url_credentials>:<REDACTED:url_credentials>@host/x"),
    ("redis://:p4ss@localhost:6379/0", "redis://:<REDACTED:url_credentials>@localhost:6379/0"),
    ("postgres://u:p@ss@h/db", "postgres://<REDACTED:url_credentials>:<REDACTED:url_credentials>@h/db"),
    ("postgres://u:p@s/s#w@h/db", "postgres://<REDACTED:url_credentials>:<REDACTED:url_credentials>@h/db"),
    ("http://u:a/b#c@d#e@h:80/x", "http://<REDACTED:url_credentials>:<REDACTED:url_credentials>@h:80/x"),
    ("Authorization: Bearer abc.DEF-123", "Authorization: Bearer <REDACTED:authorization>"),
    ("Authorization: Digest a=b, c=d\nHost: h", "Authorization: Digest <REDACTED:authorization>\nHost: h"),
    ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "{'Authorization': 'Basic <REDACTED:basic>'}"),
    ("Cookie: a=b; c=d\nHost: h", "Cookie: <REDACTED:cookie>\nHost: h"),
    ("paid with 4111 1111 1111 1111 today", "paid with <REDACTED:card> today"),
    ("2024 4111-1111-1111-1111", "2024 <REDACTED:card>"),
    ("to DE89 3704 0044 0532 0130 00 now", "to <REDACTED:iban> now"),
    ("cut off: -----BEGIN RSA PRIVATE KEY-----\nMIIEow", "cut off: <REDACTED:private_key>"),
    ("-----BEGIN EC PRIVATE KEY-----\nMI\n-----END EC PRIVATE KEY-----\nx", "<REDACTED:private_key>\nx"),
]

UNTOUCHED = [
    "KeyError: 'password'",
    "--pass 2 of 3, --pass to skip, --pass-through; use --password via the file",
    "Password for user bob: changed. Password for 'https://bob@h': ",
    "password = (sensitive value)",
    "Recovery codes: print-them",
    "version 4111.1111.1111.1112",
    "postgresql://app:***@db/prod http://app:xxxxx@h/",
    "cite key: vaswani2017attention",
    "Cache restored from key: Linux-pip-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "password: must be at least 12 characters",
    "Invalid token: unexpected end of input",
    "unexpected token: ILLEGAL",
    "Authorization: required",
    "self.token = token",
    "api_key = os.environ['OPENAI_API_KEY']",
    "password = getpass.getpass()",
    "password=${DB_PASSWORD} token=%s key=<your-key>",
    "tokens_used=12 author=Ada passed=True session_id=s-1",
    "https://medium.com/@author/key-notes ssh://git@host:22/x http://h:80/@a",
    "auth-service.internal:8080 secrets.example.com:443/x",
    "private key: /etc/ssl/private/server.key pwd: /home/ada",
    "task-000001 sk-learn-compatible-estimator-wrapper",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b 12345678-1234-1234-1234-123456789012",
    "Order 4006381333931, 1234567890123456, 4111111111111112",
    "1768186315354123456 2026-02-14T19:01:23.456789Z 0.41111111111111111",
    "bearer of bad news, basic understanding, cookie: none",
]


@pytest.mark.parametrize(("text", "clean"), HIDDEN)
def test_a_secret_goes_and_what_is_around_it_stays(text, clean):
    """The marker says what kind it was, and nothing of what it was."""
    assert Redactor().text(text) == clean


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_only_looks_like_it_stays(text):
    """The very same object comes back."""
    assert Redactor().text(text) is text


@pytest.mark.parametrize(("text", "_clean"), HIDDEN)
def test_redacting_twice_is_redacting_once(text, _clean):
    """A copy may pass the guard again."""
    redactor = Redactor()
    once = redactor.text(text)

    assert redactor.text(once) == once


def test_the_marker_may_be_bare():
    """For programs whose runbooks look for `<REDACTED>`."""
    redactor = Redactor(RedactionSettings(marker="<REDACTED>"))

    assert redactor.text("https://u:p@h token=abc123") == "https://<REDACTED>:<REDACTED>@h token=<REDACTED>"
