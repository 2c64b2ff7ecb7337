// Numeric attributes of event types as lines over time.

import { getAttributes, getNames, getSeries } from "../api/client";
import { hueOfName } from "../state/catalogue";
import { change, parameter } from "../state/route";
import { Lines } from "../ui/Lines";
import { Answer, None } from "../ui/Page";
import { usePolled } from "../ui/polled";

const EVERY = 5000;
const POINTS = 2000;
const PARTED = ";";
// Types whose numbers people look at first, where they were seen.
const FIRST = ["state.mood", "state.drive", "state.pain", "reward.computed", "task.completed"];
const NO_MEASURE = new Set(["env_id", "episode", "cycle", "day"]);
const MOST_LINES = 5;

export function Curves() {
  const names = usePolled("curve-names", getNames, EVERY * 4);
  const seen = (names.data ?? []).map((each) => each.name);
  const asked = parameter("curves");
  const shown = asked ? asked.split(PARTED) : FIRST.filter((name) => seen.includes(name)).slice(0, 4);
  const put = (next: string[]): void => change({ curves: next.join(PARTED) }, { replace: true });
  return (
    <section>
      <h2>Numbers over time</h2>
      <div class="controls">
        <label class="select">
          <span>Add a type</span>
          <select
            value=""
            onChange={(event) => event.currentTarget.value && put([...shown, event.currentTarget.value])}
          >
            <option value="">choose</option>
            {seen
              .filter((name) => !shown.includes(name))
              .sort()
              .map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
          </select>
        </label>
      </div>
      <div class="curves">
        {shown.map((name) => (
          <Curve key={name} name={name} onRemove={() => put(shown.filter((each) => each !== name))} />
        ))}
      </div>
    </section>
  );
}

function Curve({ name, onRemove }: { name: string; onRemove(): void }) {
  const answer = usePolled(
    `curve-${name}`,
    async (signal) => {
      const attributes = await getAttributes(name, signal);
      const numeric = attributes.filter(
        (each) => (each.kind === "double" || each.kind === "int") && !NO_MEASURE.has(each.key),
      );
      const keys = numeric.map((each) => each.key).slice(0, MOST_LINES);
      return { keys, points: keys.length ? await getSeries(name, keys, POINTS, signal) : [] };
    },
    EVERY,
  );
  return (
    <figure class="curve">
      <figcaption>
        <span class={`mono hue-${hueOfName(name)}`}>{name}</span>
        <button type="button" class="icon-button" aria-label={`Remove ${name}`} onClick={onRemove}>
          ×
        </button>
      </figcaption>
      <Answer of={answer}>
        {({ keys, points }) =>
          points.length ? (
            <Lines points={points} attributes={keys} label={name} />
          ) : (
            <None>None of its attributes is a number.</None>
          )
        }
      </Answer>
    </figure>
  );
}
