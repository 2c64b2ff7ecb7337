// The frame around the views: where one is, whether the server is there, and the selected event.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { getAlerts, getErrors } from "./api/client";
import { focusFilter } from "./live/FilterBar";
import { LiveView } from "./live/LiveView";
import { status } from "./live/following";
import { isSignedOut } from "./state/access";
import { notice } from "./state/notice";
import { backTo, change, linkTo, moveTo, parameter, titleOf, type View, VIEWS, view } from "./state/route";
import { isNarrow } from "./state/screen";
import { switchTheme, theme } from "./state/theme";
import { usePolled } from "./ui/polled";
import { Details } from "./ui/Details";
import { onKeys } from "./ui/keyboard";
import { AlertsView } from "./views/AlertsView";
import { CatalogueView } from "./views/CatalogueView";
import { CyclesView } from "./views/CyclesView";
import { ErrorsView } from "./views/ErrorsView";
import { HealthView } from "./views/HealthView";
import { Help } from "./views/Help";
import { Nowhere } from "./views/Nowhere";
import { SignedOut } from "./views/SignedOut";
import { TasksView } from "./views/TasksView";
import { TypesView } from "./views/TypesView";

const PAGES: Record<View | "nowhere", () => preact.JSX.Element> = {
  live: LiveView,
  types: TypesView,
  tasks: TasksView,
  cycles: CyclesView,
  errors: ErrorsView,
  alerts: AlertsView,
  catalogue: CatalogueView,
  health: HealthView,
  nowhere: Nowhere,
};

const NAME = "otel-events";
const BADGES_EVERY = 10_000;
const LATE = "1h";
const isHelpOpen = signal(false);
const toggleHelp = (): void => {
  isHelpOpen.value = !isHelpOpen.value;
};
// Not `toggleHelp`: an answer that comes after Esc would open it again.
const closeHelp = (): void => {
  isHelpOpen.value = false;
};

const leadTo = (name: View): void => {
  moveTo(backTo(name));
};

/** To what narrows the present view; a view that has nothing of the kind leads to the live one. */
function toFilter(): void {
  const search = document.querySelector<HTMLInputElement>("main .search");
  if (search) search.select();
  else if (!focusFilter()) leadTo("live");
}

/** Go to the next (1) or the previous (-1) row of a table, from the chosen one at first; the live list has rows of its own. */
function stepRow(by: 1 | -1): void {
  if (view.value === "live") return;
  const rows = [...document.querySelectorAll<HTMLElement>("main tr[tabindex]")];
  const present = rows.findIndex((row) => row === document.activeElement);
  const chosen = rows.findIndex((row) => row.ariaSelected === "true");
  const next = present >= 0 ? present + by : Math.max(0, chosen);
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
}

/** Esc closes what was opened last; the live view has more to close. */
function closeLast(): void {
  if (view.value !== "live" && parameter("event")) change({ event: null }, { replace: true });
  else if (view.value === "tasks" && parameter("task")) change({ task: null, run: null });
}

export function App() {
  // Before anything is seen: a key may come as soon as it is.
  useLayoutEffect(
    () =>
      onKeys({
        "/": toFilter,
        "?": toggleHelp,
        Escape: closeLast,
        j: () => stepRow(1),
        k: () => stepRow(-1),
        ...Object.fromEntries(VIEWS.map((name, index) => [String(index + 1), () => leadTo(name)])),
      }),
    [],
  );
  useEffect(() => {
    const name = view.value === "nowhere" ? "No such view" : titleOf(view.value);
    document.title = isSignedOut.value ? NAME : `${name} - ${NAME}`;
  }, [view.value, isSignedOut.value]);
  if (isSignedOut.value) return <SignedOut />;
  const Present = PAGES[view.value];
  const selected = Number(parameter("event")) || 0;
  return (
    <div class="app">
      <Top />
      <main class={selected ? "with-details" : ""}>
        <Present />
        {selected > 0 && <Details seq={selected} />}
      </main>
      {isHelpOpen.value && <Help onClose={closeHelp} />}
    </div>
  );
}

function Badge({ number, says, level }: { number: number; says: string; level: "warn" | "error" }) {
  return (
    <span class={`badge level-${level}`} aria-label={`${number} ${says}`} title={`${number} ${says}`}>
      {number}
    </span>
  );
}

const STATES = { open: "live", connecting: "connecting", idle: "not connected", lost: "no connection" };

function Connection() {
  return (
    <span class={`connection is-${status.value}`} title={`The live stream: ${STATES[status.value]}`}>
      <i aria-hidden="true" /> <span>{STATES[status.value]}</span>
    </span>
  );
}

function Top() {
  const { data } = usePolled("open-alerts", getAlerts, BADGES_EVERY);
  const open = data?.open.length ?? 0;
  const errors = usePolled("late-errors", (signal) => getErrors(signal, LATE), BADGES_EVERY).data?.groups.length ?? 0;
  const nav = useRef<HTMLElement>(null);
  useEffect(
    () => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }),
    [view.value, open > 0, errors > 0],
  );
  return (
    <header class="top">
      <a class="brand" href={linkTo("live")} aria-label="otel-events">
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M2 4h8M2 8h12M2 12h5" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
        </svg>
        <span>otel-events</span>
      </a>
      <nav ref={nav} aria-label="Views">
        {VIEWS.map((name) => (
          <a key={name} href={backTo(name)} aria-current={view.value === name ? "page" : undefined}>
            {titleOf(name)}
            {name === "errors" && errors > 0 && !isNarrow.value && (
              <Badge number={errors} says="in the last hour" level="error" />
            )}
            {name === "alerts" && open > 0 && !isNarrow.value && <Badge number={open} says="open" level="warn" />}
          </a>
        ))}
      </nav>
      {/* Where the views do not fit side by side, the links to these may be out of sight. */}
      {errors > 0 && isNarrow.value && (
        <a class="top-count" href={backTo("errors")} aria-label={`Errors: ${errors} in the last hour`}>
          <Badge number={errors} says="in the last hour" level="error" />
        </a>
      )}
      {open > 0 && isNarrow.value && (
        <a class="top-count" href={linkTo("alerts")} aria-label={`Alerts: ${open} open`}>
          <Badge number={open} says="open" level="warn" />
        </a>
      )}
      <div class="notice" role="status" aria-live="polite">
        {notice.value && <span>{notice.value}</span>}
      </div>
      <Connection />
      <button
        type="button"
        class="icon-button"
        aria-label={`Theme: ${theme.value}`}
        title={`Theme: ${theme.value}`}
        onClick={switchTheme}
      >
        {{ system: "◐", dark: "●", light: "○" }[theme.value]}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Keys and help"
        title="Keys and help (?)"
        onClick={toggleHelp}
      >
        ?
      </button>
    </header>
  );
}
