// One number over time, a line for each session.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clock, duration } from "../format";
import { hueColor } from "../hues";
import { theme } from "../state/theme";
import type { Sample } from "../views/runs";
import { valueText } from "./text";

const HEIGHT = 110;
const HUES = ["blue", "orange"]; // of the newest session and the one before; older ones stand back

export const hueOfRun = (index: number): string => HUES[index] ?? "faint";

interface Props {
  name: string;
  samples: Sample[];
  /** The newest first. */
  sessions: string[];
  /** Seconds since the Unix epoch: the same for all numbers of a type. */
  from: number;
  to: number;
  /** Times are since each session began, not of the clock. */
  isRelative: boolean;
  label: string;
}

/** `19:01:23` in the reader's zone, with milliseconds where they tell one from the next. */
function timeOf(seconds: number, isExact: boolean): string {
  const text = clock(new Date(Math.round(seconds * 1000)).toISOString());
  return isExact ? text : text.slice(0, 8);
}

function timesOf(seconds: number[]): string[] {
  const isExact = seconds.some((at) => at % 1 !== 0);
  return seconds.map((at) => timeOf(at, isExact));
}

function axis(color: string, grid: string): uPlot.Axis {
  return {
    stroke: color,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
    font: "11px system-ui",
    size: 58,
  };
}

// `undefined` leaves a line as it is, null breaks it.
const columnOf = (samples: Sample[], session: string): (number | null | undefined)[] =>
  samples.map((sample) => (sample.session === session ? sample.value : undefined));

export function Lines({ name, samples, sessions, from, to, isRelative, label }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const range = useRef<[number, number]>([from, to]);
  range.current = from < to ? [from, to] : [from - 1, to + 1];
  const drawn = [...sessions].reverse(); // the newest over the others
  const data: uPlot.AlignedData = [
    samples.map((sample) => sample.at),
    ...drawn.map((session) => columnOf(samples, session)),
  ];
  const read = (made: uPlot): void => {
    const index = made.cursor.idx ?? made.data[0].length - 1;
    const at = made.data[0][index];
    const value = made.data.slice(1).find((column) => typeof column[index] === "number")?.[index];
    if (readout.current)
      readout.current.textContent =
        at === undefined || value == null
          ? ""
          : `${isRelative ? duration(at) : timeOf(at, true)}  ${valueText(name, value)}`;
  };
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const ink = hueColor("faint");
    const grid = hueColor("line");
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        series: [
          {},
          ...drawn.map((session): uPlot.Series => ({
            stroke: hueColor(hueOfRun(sessions.indexOf(session))),
            width: 1.5,
            points: { size: 4 },
          })),
        ],
        scales: { x: { time: !isRelative, range: () => range.current } },
        axes: [
          { ...axis(ink, grid), size: 26, space: 90, values: (_, at) => (isRelative ? at.map(duration) : timesOf(at)) },
          { ...axis(ink, grid), space: 22, values: (_, splits) => splits.map((value) => valueText(name, value)) },
        ],
        cursor: { drag: { x: false, y: false }, sync: { key: label } },
        hooks: { setCursor: [read], setData: [read] },
      },
      data,
      element,
    );
    plot.current = made;
    read(made);
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme.value, name, sessions.join(), isRelative]);
  useEffect(() => plot.current?.setData(data), [samples]);
  return (
    <div class="number-line">
      <div class="number-head">
        <b>{name}</b> <span ref={readout} class="mono faint" />
      </div>
      <div ref={place} class="lines" role="img" aria-label={`${label}: ${name} over time`} />
    </div>
  );
}
