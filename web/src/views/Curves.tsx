// Numeric attributes of event types as lines over time.

import { useMemo } from "preact/hooks";
import { getAttributes, getNames, getSeries } from "../api/client";
import type { SeriesPoint } from "../api/types";
import { counted } from "../format";
import { hueOfName } from "../state/catalogue";
import { change, parameter } from "../state/route";
import { Choice } from "../ui/Choice";
import { hueOfRun, Lines } from "../ui/Lines";
import { Answer, None } from "../ui/Page";
import { usePolled } from "../ui/polled";
import { samplesOf, sessionsOf, sinceBeginning, timeOf } from "./runs";

const EVERY = 5000;
const POINTS = 2000;
const PARTED = ";";
// Types whose numbers people look at first, where they were seen.
const FIRST = ["state.mood", "state.drive", "state.pain", "reward.computed", "task.completed"];
const NO_MEASURE = new Set(["env_id", "episode", "cycle", "day"]);
const MOST_LINES = 5;
const NAMED = 2; // runs; the others share a colour

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
        <Choice
          name="over"
          label="Times"
          options={[
            { value: "", label: "By the clock" },
            { value: "run", label: "Since each session began" },
          ]}
        />
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
            <Numbers name={name} keys={keys} points={points} />
          ) : (
            <None>None of its attributes is a number.</None>
          )
        }
      </Answer>
    </figure>
  );
}

/** Each number by itself, with a scale of its own, all over the same time. */
function Numbers({ name, keys, points: all }: { name: string; keys: string[]; points: SeriesPoint[] }) {
  const isRelative = parameter("over") === "run";
  // What has no session has no beginning to count from.
  const points = useMemo(
    () => (isRelative ? all.filter((point) => point.session_id !== null) : all),
    [all, isRelative],
  );
  const at = isRelative ? sinceBeginning(points) : timeOf;
  const sessions = useMemo(() => sessionsOf(points), [points]);
  const lines = useMemo(
    () => keys.map((key) => ({ key, samples: samplesOf(points, key, at) })).filter((line) => line.samples.length > 0),
    [points, isRelative],
  );
  if (points.length === 0) return <None>None of these events belongs to a session.</None>;
  const instants = points.map(at);
  const [from, to] = [Math.min(...instants), Math.max(...instants)];
  return (
    <>
      {sessions.length > 1 && (
        <p class="legend">
          {sessions.slice(0, NAMED).map((session, index) => (
            <span key={session}>
              <i class={`swatch hue-${hueOfRun(index)}`} /> {session || "no session"}
            </span>
          ))}
          {sessions.length > NAMED && (
            <span>
              <i class={`swatch hue-${hueOfRun(NAMED)}`} /> {counted(sessions.length - NAMED, "older session")}
            </span>
          )}
        </p>
      )}
      {lines.map(({ key, samples }) => (
        <Lines
          key={key}
          name={key}
          samples={samples}
          sessions={sessions}
          from={from}
          to={to}
          isRelative={isRelative}
          label={name}
        />
      ))}
    </>
  );
}
