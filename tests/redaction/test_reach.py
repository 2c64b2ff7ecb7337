"""How much is found, and how little else: the quick form of `make redaction-report`."""

from collections import Counter

from otel_events.redaction import Redactor
from tools.redaction_corpus import samples
from tools.redaction_ordinary import ordinary
from tools.redaction_secrets import SECRETS


def left(value):
    """Return all text in *value*, keys included."""
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{left(item)}" for key, item in value.items())
    return "\n".join(map(left, value)) if isinstance(value, list) else str(value)


def test_secrets_of_every_claimed_kind_are_found_wherever_they_stand():
    """At least 99 of 100 of each kind: in neutral and telling keys, nested, in text, tracebacks and URLs."""
    redactor = Redactor()
    tried, missed = Counter(), Counter()

    for kind, _place, core, attributes in samples(seed=4711, per_kind=8):
        tried[kind] += 1
        missed[kind] += core in left(dict(redactor.attributes(attributes)))

    assert len(SECRETS) >= 30
    assert {kind: missed[kind] for kind in tried if missed[kind] > tried[kind] / 100} == {}


def test_ordinary_strings_stay_as_they_are():
    """At most one of two hundred strings of program life is touched."""
    redactor = Redactor()
    pairs = list(ordinary(seed=4711, count=3000))

    touched = [(key, value) for key, value in pairs if redactor.attributes({key: value}) != {key: value}]

    assert len(touched) <= len(pairs) / 200, touched[:5]
