// How many events of which category came in each second of the last minutes.

import { useEffect, useRef, useState } from "preact/hooks";
import { getRates } from "../api/client";
import type { Rates } from "../api/types";
import { clockOfDate, count, measured, millis } from "../format";
import { hueColor, hueOf, strengthsOf } from "../hues";
import { theme } from "../state/theme";
import { TimeAxis } from "../ui/TimeAxis";
import { usePolled } from "../ui/polled";

const SECONDS = 300;
const EVERY = 2000;
const MOST_IN_LEGEND = 6;

interface Column {
  at: number;
  parts: [string, number][];
  total: number;
}

function columnsOf(rates: Rates): Column[] {
  const from = millis(rates.from);
  const series = Object.entries(rates.series);
  const size = Math.max(0, ...series.map(([, values]) => values.length));
  return Array.from({ length: size }, (_, index) => {
    const parts = series
      .map(([name, values]): [string, number] => [name, values[index] ?? 0])
      .filter(([, value]) => value > 0);
    return { at: from + index * rates.step * 1000, parts, total: parts.reduce((sum, [, value]) => sum + value, 0) };
  });
}

function draw(canvas: HTMLCanvasElement, columns: Column[], strengths: Map<string, number>, hovered: number): void {
  const scale = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(scale, scale);
  const most = Math.max(1, ...columns.map((column) => column.total));
  const step = width / columns.length;
  for (const [index, column] of columns.entries()) {
    let floor = height;
    const strength = hovered >= 0 && hovered !== index ? 0.45 : 1;
    for (const [category, value] of column.parts) {
      // The root, so that a few events beside a storm are still there to see.
      const share = (Math.sqrt(column.total / most) * value) / column.total;
      const size = Math.max(1, share * (height - 2));
      floor -= size;
      context.globalAlpha = strength * (strengths.get(category) ?? 1);
      context.fillStyle = hueColor(hueOf(category));
      context.fillRect(index * step, floor, Math.max(1, step - 1), size);
    }
  }
}

function totals(columns: Column[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const column of columns) for (const [name, value] of column.parts) sums.set(name, (sums.get(name) ?? 0) + value);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

export function RateStrip({ onPick }: { onPick(instant: string): void }) {
  const { data } = usePolled("rates", (signal) => getRates(SECONDS, "category", signal), EVERY);
  const [hovered, setHovered] = useState(-1);
  const canvas = useRef<HTMLCanvasElement>(null);
  const columns = data ? columnsOf(data) : [];
  const strengths = strengthsOf(Object.keys(data?.series ?? {}));
  useEffect(() => {
    if (canvas.current) draw(canvas.current, columns, strengths, hovered);
  }, [data, hovered, theme.value]);
  const indexAt = (event: MouseEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return Math.floor(((event.clientX - box.left) / box.width) * columns.length);
  };
  const present = columns[hovered];
  const shown = totals(present ? [present] : columns);
  const seconds = data?.step ?? 1;
  const from = columns[0]?.at ?? Date.now() - SECONDS * 1000;
  const now = columns.at(-2)?.total ?? 0; // the last column is still filling
  return (
    <div class="strip">
      <canvas
        ref={canvas}
        class="strip-canvas"
        role="img"
        aria-label={`Events a second in the last five minutes, now ${measured(now / seconds)}`}
        onMouseMove={(event) => setHovered(indexAt(event))}
        onMouseLeave={() => setHovered(-1)}
        onClick={(event) => {
          const picked = columns[indexAt(event)];
          if (picked) onPick(new Date(picked.at).toISOString());
        }}
      />
      <TimeAxis from={from} to={from + SECONDS * 1000} />
      <div class="strip-legend">
        <span class="strip-now">
          {present
            ? `${clockOfDate(new Date(present.at))}  ${count(present.total)}`
            : `${measured(now / seconds)}/s now`}
        </span>
        {shown.slice(0, MOST_IN_LEGEND).map(([name, value]) => (
          <span key={name} class="strip-key">
            <i class={`swatch hue-${hueOf(name)}`} style={{ opacity: strengths.get(name) }} />
            {name} <b>{count(value)}</b>
          </span>
        ))}
        {shown.length > MOST_IN_LEGEND && <span class="strip-key">and {shown.length - MOST_IN_LEGEND} more</span>}
      </div>
    </div>
  );
}
