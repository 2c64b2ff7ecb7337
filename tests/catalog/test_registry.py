"""Users' own registry folders: read, refused with reasons, written."""

import os
import subprocess
import sys
import textwrap

import pytest

from otel_events.catalog import AttributeDefinition, Catalog, EventDefinition
from otel_events.catalog.export import write_registry
from otel_events.catalog.registry import load_registry
from otel_events.errors import DefinitionError
from otel_events.event import Severity

MANIFEST = "name: shop\nschema_url: https://example.com/schemas/shop/1.0.0\n"
SHOP = """
file_format: definition/2
attributes:
  - key: order_id
    type: string
    brief: The order.
    stability: stable
    examples: [o-1, 2026-02-14, no]
  - key: weight
    type: double
    brief: What it weighs.
    stability: development
    annotations: {unit: kg}
  - key: channel
    type:
      members:
        - {id: web, value: web, brief: The site., stability: stable}
        - {id: shop, value: shop, brief: The shop., stability: stable}
    brief: Where it came from.
    stability: development
attribute_groups:
  - id: order
    visibility: internal
    attributes:
      - {ref: order_id, requirement_level: required}
      - ref_group: correlation
events:
  - name: order.placed
    brief: An order came in.
    stability: stable
    note: Also when it is paid later.
    attributes:
      - ref_group: order
      - {ref: weight, requirement_level: opt_in, brief: With the box.}
      - {ref: channel, requirement_level: {conditionally_required: if it is known}}
      - {ref: quality}
    annotations:
      category: shop
      message: Order placed
      severity: warning
      aliases: [OrderPlaced]
      lifecycle: true
      copied_to_spans: false
      opentelemetry_attributes: [error.type]
      team: till
"""


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def problems_of(folder):
    with pytest.raises(DefinitionError) as caught:
        load_registry(folder)
    return [problem.replace(f"{folder}{os.sep}", "") for problem in caught.value.problems]


def test_a_folder_is_read_with_groups_references_and_annotations(tmp_path):
    """A registry in Weaver's format gives definitions; built-in attributes and groups may be referred to."""
    (order,) = load_registry(write(tmp_path, manifest=MANIFEST, shop=SHOP))

    assert (order.name, order.brief, order.message, order.category) == (
        "order.placed",
        "An order came in.",
        "Order placed",
        "shop",
    )
    assert (order.severity, order.aliases, order.stability) == (Severity.WARN, ("OrderPlaced",), "stable")
    assert (order.lifecycle, order.rolled_up_in_displays, order.copied_to_spans) == (True, False, False)
    assert order.note == "Also when it is paid later."
    assert order.origin == str(tmp_path / "shop.yaml")
    assert order.attributes["order_id"] == AttributeDefinition(
        "order_id", "string", "The order.", "required", examples=("o-1", "2026-02-14", "no"), stability="stable"
    )
    assert order.attributes["weight"] == AttributeDefinition("weight", "double", "With the box.", "opt_in", unit="kg")
    assert order.attributes["channel"].members == ("web", "shop")
    assert {"cycle", "quality", "error.type"} <= order.attributes.keys()


def test_a_single_file_and_folders_below_are_read_as_well(tmp_path):
    """A path may be one file; a folder is read with all below it, as one registry."""
    (tmp_path / "events").mkdir()
    write(tmp_path, attributes=SHOP.partition("attribute_groups")[0])
    write(
        tmp_path / "events",
        orders="file_format: definition/2\nevents:\n  - {name: order.sent, brief: Sent., stability: stable, attributes: [{ref: weight}]}\n",
    )

    (order,) = load_registry(tmp_path)
    (same,) = load_registry(tmp_path / "attributes.yaml", tmp_path / "events")

    assert list(order.attributes) == ["weight"]
    assert order == same


def test_what_is_deprecated_says_so_in_its_note(tmp_path):
    """Weaver's `deprecated` is kept as words."""
    text = """
    file_format: definition/2
    events:
      - {name: a.old, brief: Old., stability: stable, deprecated: {reason: renamed, renamed_to: a.new}}
      - {name: a.gone, brief: Gone., stability: stable, deprecated: {reason: obsoleted, note: nobody wants it}}
    """

    assert [one.note for one in load_registry(write(tmp_path, a=text))] == [
        "Deprecated: renamed to a.new.",
        "Deprecated: nobody wants it",
    ]


def test_all_mistakes_are_told_with_file_and_line(tmp_path):
    """One error lists what is wrong in every file, where it stands, and what would be right."""
    write(
        tmp_path,
        manifest="name: shop\n",
        broken="events: [\n",
        list="- 1\n",
        old="file_format: 1.0.0\n",
        shop="""
        file_format: definition/2
        event: []
        attributes:
          - {key: weight, type: float, brief: Weight., stability: stable}
          - {key: Size, type: int, brief: 7, stability: shaky, breif: x}
          - {key: error.type, type: string, brief: Mine., stability: stable}
          - {key: mode, type: {members: [{id: a, value: 1}, {id: b, value: b}]}, brief: Mode., stability: stable}
        attribute_groups:
          - {id: ring, visibility: internal, attributes: [{ref_group: ring}]}
          - {id: ring, visibility: open}
        events:
          - name: OrderPlaced
            stability: stable
            attributes: [{ref: wieght}, {ref_group: none}, {ref_group: ring}, {ref: Size, requirement_level: must}, weight]
            annotations: {alias: [x], severity: loud, lifecycle: perhaps, aliases: x, opentelemetry_attributes: [http.route]}
          - {name: order.sent, brief: Sent., brief: Sent off., stability: stable}
          - {name: order.sent, brief: Sent., stability: stable}
        """,
    )

    problems = problems_of(tmp_path)

    assert problems[0].startswith("broken.yaml:2: ")
    assert problems[1:] == [
        "list.yaml: must be a mapping that begins with 'file_format: definition/2'",
        "manifest.yaml:1: 'schema_url' is missing",
        "old.yaml:1: must begin with 'file_format: definition/2'",
        "shop.yaml:3: unknown key 'event': did you mean 'events'?",
        (
            "shop.yaml:5: unknown type 'float'; known are string, int, double, boolean, any, each also with [] behind"
            " it, template[...] and an enum by 'members'"
        ),
        "shop.yaml:6: unknown key 'breif': did you mean 'brief'?",
        "shop.yaml:6: attribute 'Size' must look like 'size'",
        "shop.yaml:6: 'brief' must be a string, not 7",
        "shop.yaml:6: stability 'shaky' must be one of development, alpha, beta, release_candidate, stable",
        "shop.yaml:7: attribute 'error.type' is OpenTelemetry's: refer to it without defining it",
        "shop.yaml:8: 'members' must each have an 'id' and a 'value', all strings or all ints",
        "shop.yaml:11: 'visibility' must be internal or public",
        "shop.yaml:11: attribute group 'ring' is defined already at shop.yaml:10",
        "shop.yaml:16: unknown annotation 'alias': did you mean 'aliases'?",
        "shop.yaml:15: 'attributes' must list mappings, and holds 'weight'",
        "shop.yaml:15: ref 'wieght' is not defined under 'attributes' of any file",
        "shop.yaml:15: ref_group 'none' is not defined under 'attribute_groups' of any file",
        "shop.yaml:15: requirement_level 'must' must be one of required, recommended, opt_in",
        (
            "shop.yaml:16: 'http.route' is none of error.type, exception.type, exception.message,"
            " exception.stacktrace, file.path, file.name, file.extension, file.directory, file.size: define it under 'attributes'"
        ),
        "shop.yaml:13: 'brief' is missing",
        "shop.yaml:16: severity 'loud' must be a word such as WARN or ERROR, or a number from 1 to 24",
        "shop.yaml:16: 'aliases' must be a list of strings, not 'x'",
        "shop.yaml:16: 'lifecycle' must be true or false, not 'perhaps'",
        "shop.yaml:13: event name 'OrderPlaced' must look like 'order.placed'",
        "shop.yaml:13: event 'OrderPlaced': attribute 'Size' must look like 'size'",
        "shop.yaml:17: key 'brief' stands there twice",
        "shop.yaml:18: event 'order.sent' is defined already at shop.yaml:17",
    ]


def test_a_group_that_refers_to_itself_is_refused(tmp_path):
    """A ring of groups ends in a sentence, not in an endless loop."""
    text = """
    file_format: definition/2
    attribute_groups:
      - {id: a, visibility: internal, attributes: [{ref_group: b}]}
      - {id: b, visibility: internal, attributes: [{ref_group: a}]}
    events:
      - {name: x.y, brief: X., stability: stable, attributes: [{ref_group: a}]}
    """

    assert problems_of(write(tmp_path, a=text)) == ["a.yaml:5: ref_group 'a' refers back to itself"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("none", "does not exist; it should be a registry folder with .yaml files"), ("", "holds no .yaml file")],
)
def test_a_path_without_a_registry_is_refused(tmp_path, name, told):
    """A wrong path and an empty folder are told by their names."""
    with pytest.raises(DefinitionError, match=told):
        load_registry(tmp_path / name)


def test_a_written_catalogue_reads_back_the_same(tmp_path):
    """All built-in definitions survive the way through Weaver's format."""
    definitions = Catalog().definitions()

    files = write_registry(definitions, tmp_path)
    found = load_registry(tmp_path, builtin=False)

    assert {one.name: one for one in found} == {one.name: one for one in definitions}
    assert len(files) == len(list(tmp_path.iterdir()))


def test_events_that_disagree_about_an_attribute_read_back_the_same(tmp_path):
    """Weaver knows one type for a key; where two events differ, each still has its own after the way through it."""
    one = AttributeDefinition("size", "int", "In litres.", "required", "l", (1, 2), "Whole ones.")
    other = AttributeDefinition("size", "string", "As a word.", members=("S", "M"), stability="stable")
    third = AttributeDefinition("size", "string[]", "All of them.", "opt_in", examples=(["S"], ["M", "L"]))
    definitions = [
        EventDefinition(
            f"a.{name}", "Brief.", attributes={"size": size}, category="Über/Ünde", severity=Severity.ERROR2
        )
        for name, size in (("x", one), ("y", other), ("z", third))
    ]

    write_registry(definitions, tmp_path)

    assert list(load_registry(tmp_path)) == definitions


def test_without_pyyaml_the_error_says_what_to_install(tmp_path):
    """A registry folder without the extra is answered with the extra's name."""
    write(tmp_path, manifest=MANIFEST, shop=SHOP)
    program = (
        "import sys; sys.modules['yaml'] = None\n"
        "from otel_events.catalog.registry import load_registry\n"
        "from otel_events.errors import ConfigurationError\n"
        "try: load_registry(sys.argv[1])\n"
        "except ConfigurationError as error: print(error)\n"
    )

    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)

    assert "install otel-events[catalog]" in done.stdout
