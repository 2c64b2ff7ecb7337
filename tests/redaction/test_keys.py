"""Which keys make their value a secret."""

import pytest

from otel_events.event import CORRELATION
from otel_events.redaction import RedactionSettings, Redactor


@pytest.mark.parametrize(
    "key",
    [
        *("password", "db_password", "DB_PASSWORD", "userPassword", "dbpassword", "passwd", "passphrase", "Passwort"),
        *("api_key", "apiKey", "API-KEY", "X-Api-Key", "apikey", "aws_secret_access_key", "secretKey", "private_key"),
        *("token", "access_token", "refreshToken", "authtoken", "id_token", "X-Auth-Token", "github_pat", "token2"),
        *("secret", "client_secret", "secrets", "credentials", "Authorization", "cookie", "Set-Cookie", "secret_id"),
        *("password_hash", "smtp_pass", "cvv", "card_number", "recovery_codes", "session_token", "jwt", "csrf_token"),
    ],
)
def test_the_value_of_a_sensitive_key_goes_whatever_it_is(key):
    """Text, lists and mappings alike, in every spelling of the key."""
    redactor = Redactor()

    clean = [redactor.attributes({key: value}) for value in ("x1", ["a", "b"], {"a": "b"})]

    assert all(str(one[key]).startswith("<REDACTED:") for one in clean)


@pytest.mark.parametrize(
    "key",
    [
        *("author", "session_id", "tokens_used", "passed", "max_tokens", "token_count", "prompt_tokens", "tokenizer"),
        *("second_pass", "pass", "passenger", "compass", "keyboard", "monkey", "primary_key", "cache_key", "sort_key"),
        *("public_key", "api_key_id", "token_type", "next_page_token", "password_length", "password_changed_at"),
        *("cookie_policy", "secret_name", "auth_method", "authenticated", "secretary", "session", "key", "design"),
        *("has_password_reset_count", "key_count", "tokens", "stop_token", "signature_valid", "assigned", "bypass"),
    ],
)
def test_innocent_keys_keep_their_values(key):
    """Keys are read word by word, never by what happens to be inside a word."""
    attributes = {key: "thesis draft"}

    assert Redactor().attributes(attributes) is attributes


@pytest.mark.parametrize("key", ["key", "auth", "signature", "webhook", "sas", "encryption"])
def test_a_hint_takes_what_looks_random_and_nothing_else(key):
    """Entropy counts only beside a key that hints at a secret."""
    redactor = Redactor()
    random, name = "q8Zr2LxW9vKt5YbN3mPc7DsF", "evidence-archive-2026"

    assert redactor.attributes({key: random}) == {key: "<REDACTED:entropy>"}
    assert redactor.attributes({key: name}) == {key: name}
    assert redactor.attributes({"note": random}) == {"note": random}


def test_correlation_keeps_its_values_unless_they_are_secrets_themselves():
    """What events are found by stays, even a number that looks like a card; a token in it does not."""
    redactor = Redactor()
    ids = {key: kind(4111111111111111) for key, kind in CORRELATION.items()}
    token = "ghp_" + "a1B2" * 9

    assert redactor.attributes(ids) is ids
    assert redactor.attributes({"session_id": token}) == {"session_id": "<REDACTED:github>"}


def test_what_is_no_secret_stays_under_any_key():
    """Nothing, yes or no, a count, and what was redacted before."""
    attributes = {"password": None, "secret": True, "token": 12, "api_key": "", "cookie": "<REDACTED:cookie>"}

    assert Redactor().attributes(attributes) is attributes


def test_a_secret_in_a_key_goes_as_well():
    """Keys that become equal are kept apart."""
    first, second = "ghp_" + "a1B2" * 9, "ghp_" + "c3D4" * 9

    clean = Redactor().attributes({first: 1, "n": {second: 2}, second: 3})

    assert clean == {"<REDACTED:github>": 1, "n": {"<REDACTED:github>": 2}, "<REDACTED:github> 2": 3}


@pytest.mark.parametrize(
    "value",
    [
        {"headers": {"Authorization": "Bearer x"}},
        [["Authorization", "hunter2x"]],
        {"env": [{"name": "DB_PASSWORD", "value": "hunter2x"}]},
        {"argv": ["login", "--password", "hunter2x", "--verbose"]},
        {"a": [{"b": [{"password": "hunter2x"}]}]},
        b"password=hunter2x",
        "password=hunter2x".encode("utf-16"),
        b"\0" + b"password=hunter2x" * 30,
    ],
)
def test_nested_values_are_looked_through(value):
    """Headers as pairs, environments of containers, argument lists, bytes."""
    clean = str(Redactor().value("data", value))

    assert "hunter2x" not in clean
    assert "Bearer x" not in clean
    assert "<REDACTED:" in clean


def test_users_add_keys_and_exceptions():
    """In any spelling, also inside texts."""
    redactor = Redactor(RedactionSettings(keys=("employee number",), innocent_keys=("token",)))

    assert redactor.attributes({"oldEmployeeNumber": "17", "token": "hello"}) == {
        "oldEmployeeNumber": "<REDACTED:key>",
        "token": "hello",
    }
    assert redactor.text("employee_number=4711-17") == "employee_number=<REDACTED:key>"


@pytest.mark.parametrize("name", ["DB_PASSWORD", "pwd", "secret", "API-KEY"])
@pytest.mark.parametrize(
    ("name_key", "value_key"), [("name", "value"), ("key", "value"), ("Name", "Value"), ("key", "val")]
)
def test_a_key_may_stand_beside_its_value(name, name_key, value_key):
    """As environments of containers, headers and settings have it: however short, at the top and nested."""
    pair = {name_key: name, value_key: "Summer2024"}

    clean = [Redactor().attributes(one) for one in (pair, {"env": [pair]}, {"a": {"b": pair}})]

    assert "Summer2024" not in str(clean)
    assert str(clean).count(repr(name)) == 3


def test_a_name_that_is_no_secret_keeps_its_value():
    """Nor does a count under a sensitive name go."""
    attributes = {"name": "alpha", "value": "Summer2024", "more": [{"key": "token", "value": 12}]}

    assert Redactor().attributes(attributes) is attributes


def test_where_code_is_needs_no_closer_look():
    """Every record of the log bridge says it: the first look passes it, and the next one does not even ask again."""
    attributes = {"code.file.path": "/srv/app/client.py", "code.function.name": "connect", "code.line.number": 42}

    assert Redactor().first_look.is_clean(attributes)
