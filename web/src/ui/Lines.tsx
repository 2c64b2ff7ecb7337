// Numbers over time, as lines.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { SeriesPoint } from "../api/types";
import { clock, measured, millis } from "../format";
import { hueColor } from "../hues";
import { theme } from "../state/theme";

const HEIGHT = 170;
const HUES = ["blue", "green", "pink", "orange", "violet", "cyan", "lime", "teal"];

/** `19:01:23` in the reader's zone, with milliseconds where they tell one from the next. */
function timeOf(seconds: number, isExact: boolean): string {
  const text = clock(new Date(Math.round(seconds * 1000)).toISOString());
  return isExact ? text : text.slice(0, 8);
}

function timesOf(_: uPlot, seconds: number[]): string[] {
  const isExact = seconds.some((at) => at % 1 !== 0);
  return seconds.map((at) => timeOf(at, isExact));
}

function axis(color: string, grid: string): uPlot.Axis {
  return {
    stroke: color,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
    font: "11px system-ui",
    size: 44,
  };
}

export function Lines({ points, attributes, label }: { points: SeriesPoint[]; attributes: string[]; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const look = `${theme.value}/${attributes.join()}`;
  const data: uPlot.AlignedData = [
    points.map((point) => millis(point.time) / 1000),
    ...attributes.map((key) => points.map((point) => point.values[key] ?? null)),
  ];
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const ink = hueColor("faint");
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        series: [
          { value: (_, at: number | null) => (at === null ? "–" : timeOf(at, true)) },
          ...attributes.map((key, index): uPlot.Series => ({
            label: key,
            stroke: hueColor(HUES[index % HUES.length] ?? "blue"),
            width: 1.5,
            points: { size: 4 },
            spanGaps: true,
            value: (_, value: number | null) => (value === null ? "–" : measured(value)),
          })),
        ],
        axes: [{ ...axis(ink, hueColor("line")), size: 28, space: 90, values: timesOf }, axis(ink, hueColor("line"))],
        cursor: { drag: { x: true, y: false } },
      },
      data,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [look]);
  useEffect(() => plot.current?.setData(data), [points]);
  return <div ref={place} class="lines" role="img" aria-label={`${label}: ${attributes.join(", ")} over time`} />;
}
