"""Whose data goes to one address: told apart, and never shown."""

import base64

import pytest

from otel_events.otlp.endpoint import Endpoint
from otel_events.otlp.tenant import tenant_of

URL = "https://host/v1/logs"


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer one"}, {"authorization": "Basic *"}])
def test_an_address_alone_has_no_tenant(headers):
    """Nor have tokens: they change, and what waits is to be sent with the next."""
    assert tenant_of(Endpoint(URL, headers=headers)) == ""


def test_what_differs_in_header_user_or_query_is_another_tenant():
    """Each of them says whose data it is."""
    endpoints = [
        Endpoint(URL),
        Endpoint(URL, headers={"x-tenant": "a"}),
        Endpoint(URL, headers={"x-tenant": "b"}),
        Endpoint(URL, headers={"x-tenant": "a", "x-region": "eu"}),
        Endpoint(f"{URL}?key=a"),
        Endpoint(f"{URL}?key=b"),
        Endpoint(URL, headers=basic("a:secret")),
        Endpoint(URL, headers=basic("b:secret")),
        Endpoint("host:4317", protocol="grpc", headers={"x-tenant": "a"}),
    ]

    assert len(set(map(tenant_of, endpoints))) == len(endpoints)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Endpoint(URL, headers={"X-Tenant": "a", "b": "c"}), Endpoint(URL, headers={"b": "c", "x-tenant": "a"})),
        (Endpoint(URL, headers=basic("a:one")), Endpoint("https://a:two@host/v1/logs")),
        (
            Endpoint(URL, headers={"x-tenant": "a", "authorization": "Bearer one"}),
            Endpoint("https://me:two@host/v1/logs", headers={"x-tenant": "a", "authorization": "Bearer two"}),
        ),
    ],
)
def test_spelling_passwords_and_tokens_make_no_other_tenant(one, other):
    """Case and order of headers, a password, and a token may change."""
    assert tenant_of(one) == tenant_of(other) != ""


def test_a_tenant_shows_nothing():
    """It is a hash, another for each address, so that who knows one cannot look for it elsewhere."""
    headers = {"x-tenant": "hunter2"}

    here, there = tenant_of(Endpoint(URL, headers=headers)), tenant_of(Endpoint("https://there/", headers=headers))

    assert here != there
    assert "hunter2" not in here
    assert len(here) == 64
