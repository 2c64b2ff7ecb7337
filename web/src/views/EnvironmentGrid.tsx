// A number of each environment in each episode, as shades: what a training run looks like at a glance.

import { getEvents } from "../api/client";
import type { AttributeKey, LedgerEvent } from "../api/types";
import { measured } from "../format";
import { parameter } from "../state/route";
import { Select } from "../ui/Choice";
import { Answer, None } from "../ui/Page";
import { usePolled } from "../ui/polled";
import { ScrollFrame } from "../ui/ScrollFrame";

const LIMIT = 1000;
const EVERY = 4000;
const SHADES = 8;
const NO_MEASURE = new Set(["env_id", "episode", "cycle", "day"]);

interface Grid {
  episodes: (string | number)[];
  environments: (string | number)[];
  cells: Map<string, { sum: number; size: number }>;
  least: number;
  most: number;
}

const byNumber = (a: string | number, b: string | number): number =>
  Number(a) - Number(b) || String(a).localeCompare(String(b));

function gridOf(events: LedgerEvent[], key: string): Grid {
  const cells: Grid["cells"] = new Map();
  const episodes = new Set<string | number>();
  const environments = new Set<string | number>();
  for (const event of events) {
    const value = event.attributes?.[key];
    if (typeof value !== "number" || event.env_id === undefined || event.episode === undefined) continue;
    episodes.add(event.episode);
    environments.add(event.env_id);
    const id = `${event.env_id}/${event.episode}`;
    const cell = cells.get(id) ?? { sum: 0, size: 0 };
    cells.set(id, { sum: cell.sum + value, size: cell.size + 1 });
  }
  const means = [...cells.values()].map((cell) => cell.sum / cell.size);
  return {
    episodes: [...episodes].sort(byNumber),
    environments: [...environments].sort(byNumber),
    cells,
    least: Math.min(...means),
    most: Math.max(...means),
  };
}

export function EnvironmentGrid({ name, attributes }: { name: string; attributes: AttributeKey[] }) {
  const numeric = attributes.filter(
    (each) => (each.kind === "double" || each.kind === "int") && !NO_MEASURE.has(each.key),
  );
  const key = parameter("measure") || numeric[0]?.key || "";
  const answer = usePolled(
    `grid-${name}`,
    (signal) => getEvents({ filter: name, limit: LIMIT, order: "newest" }, signal),
    EVERY,
  );
  if (!key) return <None>None of its attributes is a number.</None>;
  return (
    <>
      <div class="controls">
        <Select
          name="measure"
          label="Mean of"
          options={numeric.map((each) => ({ value: each.key, label: each.key }))}
        />
      </div>
      <Answer of={answer}>{(page) => <Cells grid={gridOf(page.events, key)} measure={key} />}</Answer>
    </>
  );
}

function Cells({ grid, measure }: { grid: Grid; measure: string }) {
  const range = grid.most - grid.least || 1;
  return (
    <ScrollFrame label={`Mean ${measure} by environment and episode`}>
      <table class="grid">
        <thead>
          <tr>
            <th scope="col">env</th>
            {grid.episodes.map((episode) => (
              <th key={episode} scope="col">
                {episode}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.environments.map((environment) => (
            <tr key={environment}>
              <th scope="row">{environment}</th>
              {grid.episodes.map((episode) => {
                const cell = grid.cells.get(`${environment}/${episode}`);
                if (!cell) return <td key={episode} />;
                const mean = cell.sum / cell.size;
                const shade = Math.min(SHADES - 1, Math.floor(((mean - grid.least) / range) * SHADES));
                return (
                  <td
                    key={episode}
                    class={`shade shade-${shade}`}
                    title={`env ${environment}, episode ${episode}: ${measured(mean)} (of ${cell.size})`}
                  >
                    {measured(mean)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  );
}
