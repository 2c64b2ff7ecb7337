// Ticks over a span of time.

import { clockOfDate, duration } from "../format";
import { isNarrow } from "../state/screen";

const STEPS = [
  0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400,
];
const TICKS = 6;
const TICKS_WHERE_NARROW = 3;

// A tick further to the right has no room for its label.
const LAST = 0.94;
const LAST_WHERE_NARROW = 0.8;

interface Tick {
  share: number;
  label: string;
}

function ticksOf(from: number, to: number, isRelative: boolean): Tick[] {
  const seconds = (to - from) / 1000;
  const most = isNarrow.value ? TICKS_WHERE_NARROW : TICKS;
  const step = (STEPS.find((each) => seconds / each <= most) ?? seconds / most) * 1000;
  const origin = isRelative ? from : 0;
  const ticks: Tick[] = [];
  for (let at = Math.ceil((from - origin) / step) * step + origin; at <= to; at += step) {
    ticks.push({
      share: (at - from) / (to - from),
      label: isRelative ? duration((at - origin) / 1000) : labelOf(at, step),
    });
  }
  return ticks;
}

/** As many digits as tell one tick from the next. */
function labelOf(at: number, step: number): string {
  const seconds = clockOfDate(new Date(at));
  return step >= 1000 ? seconds : seconds + ((at % 1000) / 1000).toFixed(step >= 1 ? 3 : 6).slice(1);
}

export function TimeAxis({ from, to, isRelative = false }: { from: number; to: number; isRelative?: boolean }) {
  return (
    <div class="axis" aria-hidden="true">
      {ticksOf(from, to, isRelative)
        .filter((tick) => tick.share < (isNarrow.value ? LAST_WHERE_NARROW : LAST))
        .map((tick) => (
          <span key={tick.label} style={{ left: `${tick.share * 100}%` }}>
            {tick.label}
          </span>
        ))}
    </div>
  );
}
