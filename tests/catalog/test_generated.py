"""What is made out of the built-in registry: current, light, and in Weaver's format."""

import pathlib
import subprocess
import sys

import jsonschema
import pytest
import yaml

from otel_events.catalog import AttributeDefinition, Catalog, EventDefinition
from otel_events.catalog.documents import reference_page
from otel_events.catalog.event_definition import ATTRIBUTE_TYPES
from otel_events.catalog.names import is_name

ROOT = pathlib.Path(__file__).parents[2]
REGISTRY = ROOT / "otel_events" / "catalog" / "registry"
FILES = sorted(path for path in REGISTRY.glob("*.yaml") if path.name != "manifest.yaml")


def closed(required, **properties):
    """Return the schema of a mapping that has the *required* keys and no others than *properties*."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def listed(items):
    return {"type": "array", "items": items}


TEXT = {"type": "string", "minLength": 1}
FREE = {"type": "object"}
STABILITY = {"enum": ["development", "alpha", "beta", "release_candidate", "stable"]}
LEVEL = {"enum": ["required", "recommended", "opt_in"]}
REFERENCE = {
    "oneOf": [
        closed(["ref"], ref=TEXT, requirement_level=LEVEL, brief=TEXT, note=TEXT, examples={}, annotations=FREE),
        closed(["ref_group"], ref_group=TEXT),
    ]
}
ATTRIBUTE = closed(
    ["key", "type", "brief", "stability"],
    key=TEXT,
    type={"enum": sorted(ATTRIBUTE_TYPES)},
    brief=TEXT,
    stability=STABILITY,
    note=TEXT,
    examples={"type": "array", "minItems": 1},
    annotations=FREE,
)
GROUP = closed(["id", "visibility"], id=TEXT, visibility={"const": "internal"}, attributes=listed(REFERENCE))
EVENT = closed(
    ["name", "brief", "stability", "annotations"],
    name=TEXT,
    brief=TEXT,
    stability=STABILITY,
    requirement_level={"const": "recommended"},
    note=TEXT,
    annotations=FREE,
    attributes=listed(REFERENCE),
)
FILE = closed(
    ["file_format"],
    file_format={"const": "definition/2"},
    attributes=listed(ATTRIBUTE),
    attribute_groups=listed(GROUP),
    events=listed(EVENT),
)


def test_the_generated_files_are_current():
    """Whoever changes the registry without generating is told by this, as by CI."""
    command = [sys.executable, str(ROOT / "tools" / "generate_catalog.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_registry_file_has_weavers_shape(path):
    """The files hold exactly the keys that Weaver's `definition/2` schema allows."""
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), FILE)


def test_every_reference_of_the_registry_leads_somewhere():
    """What an event refers to is defined once, in one of the files."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]
    keys = [attribute["key"] for file in files for attribute in file.get("attributes", [])]
    groups = [group for file in files for group in file.get("attribute_groups", [])]
    holders = [*groups, *(event for file in files for event in file.get("events", []))]
    references = [reference for holder in holders for reference in holder.get("attributes", [])]

    assert len(keys) == len(set(keys))
    assert all(is_name(key) for key in keys)
    assert {reference["ref"] for reference in references if "ref" in reference} == set(keys)
    assert {reference["ref_group"] for reference in references if "ref_group" in reference} == {
        group["id"] for group in groups
    }


def test_the_manifest_has_what_weaver_asks_for():
    """The registry has a name and a schema URL that ends in a version."""
    manifest = yaml.safe_load((REGISTRY / "manifest.yaml").read_text(encoding="utf-8"))

    assert manifest["name"] == "otel-events"
    assert manifest["schema_url"].rpartition("/")[2].replace(".", "").isdigit()


def test_importing_the_catalogue_parses_nothing():
    """The catalogue is there without PyYAML, without its loader and without any definition made."""
    program = (
        "import sys, otel_events.catalog as catalog; from otel_events.catalog import builtin_rows\n"
        "names = {'yaml', 'otel_events.catalog.registry', 'otel_events.catalog.export'} & set(sys.modules)\n"
        "made = builtin_rows.definition_of.cache_info().currsize\n"
        "catalog.current().find('task_started')\n"
        "print(sorted(names), made, builtin_rows.definition_of.cache_info().currsize)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[] 0 1"


def test_the_page_shows_every_event_with_its_aliases_and_attributes():
    """Readers find each name, each old spelling and each attribute on the page of events."""
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")

    missing = [
        word
        for definition in Catalog().definitions()
        for word in (f"### {definition.name}\n", *(f"`{one}`" for one in (*definition.aliases, *definition.attributes)))
        if word not in page
    ]
    assert missing == []


def test_a_page_of_users_definitions_shows_what_they_say():
    """Note, severity, members and a bar in a text come out readable."""
    mode = AttributeDefinition("mode", "string", "Fast | slow.", members=("fast", "slow"), examples=("fast",))
    page = reference_page([EventDefinition("a.b", "A thing.", note="Mind the gap.", attributes={"mode": mode})])

    assert "## others\n\n### a.b\n\nA thing.\n\nMind the gap.\n" in page
    assert "| `mode` | string |  | recommended | Fast \\| slow. Well known: `fast`, `slow`. | `fast` |" in page
