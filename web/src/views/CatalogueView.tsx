// Which event types there are: seen, never seen, and those that nobody defined.

import { catalogue, hueOfName, loadCatalogue } from "../state/catalogue";
import type { Definition, UnknownName } from "../api/types";
import { ago, count } from "../format";
import { hueOf } from "../hues";
import { severityNumber } from "../severity";
import { change, linkTo, parameter } from "../state/route";
import { Choice, Search } from "../ui/Choice";
import { None, Page } from "../ui/Page";
import { type Column, Table } from "../ui/Table";
import { usePolled } from "../ui/polled";

const EVERY = 5000;
const NOT_FOUND = "None of them fits the search.";
type Shown = "" | "never" | "unknown";

const seenColumns = <T extends UnknownName | Definition>(): Column<T>[] => [
  {
    key: "seen",
    head: "Seen",
    isNumber: true,
    by: (row) => row.seen,
    cell: (row) => (row.seen ? count(row.seen) : <span class="faint">never</span>),
  },
  { key: "last", head: "Last", by: (row) => row.last, cell: (row) => (row.last ? ago(row.last) : "–") },
];

const nameColumn = <T extends { name: string }>(): Column<T> => ({
  key: "name",
  head: "Name",
  by: (row) => row.name,
  cell: (row) => (
    <a class={`mono hue-${hueOfName(row.name)}`} href={linkTo("types", { name: row.name })}>
      {row.name}
    </a>
  ),
});

const DEFINED: Column<Definition>[] = [
  nameColumn(),
  {
    key: "category",
    head: "Category",
    by: (row) => row.category,
    cell: (row) => <span class={`hue-${hueOf(row.category)}`}>{row.category}</span>,
  },
  { key: "brief", head: "What happened", isWide: true, by: (row) => row.brief, cell: (row) => row.brief },
  {
    key: "severity",
    head: "Severity",
    by: (row) => severityNumber(row.severity),
    cell: (row) => row.severity ?? "INFO",
  },
  ...seenColumns<Definition>(),
];

const UNKNOWN: Column<UnknownName>[] = [nameColumn(), ...seenColumns<UnknownName>()];

export function CatalogueView() {
  const { problem } = usePolled("catalogue", loadCatalogue, EVERY);
  const shown = parameter("show") as Shown;
  const answer = catalogue.value;
  const controls = (
    <>
      <Choice
        name="show"
        label="Which types"
        options={[
          { value: "", label: "Seen" },
          { value: "never", label: "Never seen" },
          { value: "unknown", label: `Unknown${answer?.unknown_names ? ` (${count(answer.unknown_names)})` : ""}` },
        ]}
      />
      <Search name="search" label="Search the catalogue" placeholder="name, category or words" />
    </>
  );
  return (
    <Page title="Catalogue" about="Event types as this server knows them, and what came of each." controls={controls}>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {answer &&
        (shown === "unknown" ? (
          <Unknown rows={answer.unknown} all={answer.unknown_names} />
        ) : (
          <Defined rows={answer.definitions} isSeen={shown !== "never"} />
        ))}
    </Page>
  );
}

const fits = (text: string): boolean => text.toLowerCase().includes(parameter("search").toLowerCase());

function Unknown({ rows, all }: { rows: UnknownName[]; all: number }) {
  const fitting = rows.filter((row) => fits(row.name));
  if (fitting.length === 0) {
    return <None>{all ? NOT_FOUND : "Every event that came is of a type that somebody defined."}</None>;
  }
  return (
    <>
      {rows.length < all && (
        <p class="faint pad">
          The {count(rows.length)} most frequent of {count(all)}: some program makes names up, where an attribute should
          be.
        </p>
      )}
      <Table label="Names that nobody defined" rows={fitting} columns={UNKNOWN} id={(row) => row.name} />
    </>
  );
}

function Defined({ rows, isSeen }: { rows: Definition[]; isSeen: boolean }) {
  const fitting = rows.filter((row) => row.seen > 0 === isSeen && fits(`${row.name} ${row.category} ${row.brief}`));
  const chosen = parameter("type");
  if (fitting.length === 0)
    return (
      <None>
        {parameter("search")
          ? NOT_FOUND
          : isSeen
            ? "No event of a type that is defined has come yet."
            : "Every type that is defined has been seen."}
      </None>
    );
  return (
    <Table
      label="Event types"
      rows={isSeen ? fitting.sort((a, b) => b.seen - a.seen) : fitting}
      columns={DEFINED}
      id={(row) => row.name}
      chosen={chosen}
      onChoose={(row) => change({ type: row.name === chosen ? null : row.name })}
      below={(row) => row.name === chosen && <AttributeList definition={row} />}
    />
  );
}

function AttributeList({ definition }: { definition: Definition }) {
  return (
    <dl class="attribute-list">
      {definition.attributes.map((each) => (
        <div key={each.key}>
          <dt>
            {each.key} <span class="kind">{each.type}</span>
          </dt>
          <dd>{each.brief}</dd>
        </div>
      ))}
    </dl>
  );
}
