// Cycles with their stages, one beneath the other, each as long as it took.

import type { Cycle } from "../api/types";
import { count, counted, duration, millis, moment } from "../format";
import { change, linkTo, parameter } from "../state/route";
import { type Column, Table } from "../ui/Table";
import { cycleBefore, cycleKey, runText, tasksOf } from "./taskRuns";
import { Unended } from "./Unended";

/** Stages that come up in *cycles*, each with a colour by its place. */
export function stageNames(cycles: Cycle[]): string[] {
  return [...new Set(cycles.flatMap((cycle) => cycle.stages.map((stage) => stage.name)))];
}

function CycleName({ cycle }: { cycle: Cycle }) {
  return (
    <span>
      <b>{cycle.cycle}</b> <span class="faint">{runText(cycle)}</span>
    </span>
  );
}

export function CycleTimeline({ cycles }: { cycles: Cycle[] }) {
  const longest = Math.max(...cycles.map((cycle) => lengthOf(cycle)), 0.001);
  const stages = stageNames(cycles);
  const columns: Column<Cycle>[] = [
    {
      key: "cycle",
      head: "Cycle",
      isNumber: true,
      by: (cycle) => cycle.cycle,
      cell: (cycle) => <CycleName cycle={cycle} />,
    },
    {
      key: "session",
      head: "Session",
      by: (cycle) => cycle.session_id,
      cell: (cycle) => <span class="faint">{cycle.session_id ?? "–"}</span>,
    },
    {
      key: "started",
      head: "Began",
      by: (cycle) => cycle.started,
      cell: (cycle) => <span class="mono">{moment(cycle.started)}</span>,
    },
    {
      key: "bar",
      head: stages.length ? <Legend stages={stages} /> : "Duration",
      isWide: true,
      cell: (cycle) => <CycleBar cycle={cycle} seconds={lengthOf(cycle)} longest={longest} stages={stages} />,
    },
    {
      key: "duration",
      head: "Took",
      isNumber: true,
      by: (cycle) => cycle.duration,
      cell: (cycle) =>
        cycle.ended ? <Took cycle={cycle} last={cycleBefore(cycle, cycles)} /> : <Unended row={cycle} />,
    },
    {
      key: "events",
      head: "Events",
      isNumber: true,
      by: (cycle) => cycle.events,
      cell: (cycle) => count(cycle.events),
    },
    {
      key: "errors",
      head: "Errors",
      isNumber: true,
      by: (cycle) => cycle.errors,
      cell: (cycle) => <span class={cycle.errors ? "bad" : "faint"}>{count(cycle.errors)}</span>,
    },
    {
      key: "stalls",
      head: "Stalls",
      isNumber: true,
      by: (cycle) => cycle.stalls,
      cell: (cycle) => <span class={cycle.stalls ? "warn" : "faint"}>{count(cycle.stalls)}</span>,
    },
    {
      key: "tasks",
      head: "",
      cell: (cycle) => <a href={linkTo("tasks", tasksOf(cycle))}>tasks</a>,
    },
  ];
  const choose = (cycle: Cycle): void => {
    const id = cycleKey(cycle);
    change(parameter("cycle") && parameter("cycle") !== id ? { with: parameter("cycle"), cycle: id } : { cycle: id }, {
      replace: true,
    });
  };
  return (
    <Table
      label="Cycles, the newest first"
      order="sort_cycles"
      isBounded
      rows={cycles}
      columns={columns}
      id={cycleKey}
      chosen={parameter("cycle") || cycleKey(cycles[0] as Cycle)}
      onChoose={choose}
    />
  );
}

const isRunning = (cycle: Cycle): boolean => cycle.state === "running";

const lengthOf = (cycle: Cycle): number =>
  cycle.duration ?? ((isRunning(cycle) ? Date.now() : millis(cycle.last)) - millis(cycle.started)) / 1000;

function Took({ cycle, last }: { cycle: Cycle; last: Cycle | undefined }) {
  const change = last?.duration && cycle.duration !== null ? (cycle.duration - last.duration) / last.duration : 0;
  return (
    <span>
      {Math.abs(change) >= 0.1 && (
        <span class={change > 0 ? "warn" : "good"}>
          {change > 0 ? "+" : "−"}
          {Math.round(Math.abs(change) * 100)} %{" "}
        </span>
      )}
      {duration(cycle.duration)}
    </span>
  );
}

function Legend({ stages }: { stages: string[] }) {
  return (
    <span class="legend">
      {stages.map((name, index) => (
        <span key={name}>
          <i class={`swatch stage-${index % 6}`} /> {name}
        </span>
      ))}
    </span>
  );
}

interface BarProps {
  cycle: Cycle;
  seconds: number;
  longest: number;
  stages: string[];
}

function CycleBar({ cycle, seconds: length, longest, stages }: BarProps) {
  const start = millis(cycle.started);
  const share = (seconds: number): string => `${(seconds / longest) * 100}%`;
  return (
    <div class="cycle-track">
      <i class={`cycle-bar${cycle.ended ? "" : " is-running"}`} style={{ width: share(length) }} />
      {cycle.stages.map((stage, index) => (
        <i
          key={index}
          class={`cycle-stage stage-${stages.indexOf(stage.name) % 6}`}
          style={{
            left: share((millis(stage.started) - start) / 1000),
            width: `max(${share(stage.duration ?? 0)}, 2px)`,
          }}
          title={`${stage.name}: ${duration(stage.duration)}`}
        />
      ))}
      {cycle.errors > 0 && (
        <i
          class="cycle-error"
          role="img"
          aria-label={counted(cycle.errors, "error")}
          title={counted(cycle.errors, "error")}
          style={{ left: `max(4px, ${share(length)})` }}
        />
      )}
    </div>
  );
}
