// What is being worked on, by whom, and how it went.

import { getTasks } from "../api/client";
import type { Task } from "../api/types";
import { count, duration, millis, moment } from "../format";
import { change, linkTo, parameter } from "../state/route";
import { Choice, Search } from "../ui/Choice";
import { Answer, None, Page } from "../ui/Page";
import { type Column, Table } from "../ui/Table";
import { usePolled } from "../ui/polled";
import { errorTypeText, inline } from "../ui/text";
import { getMarks, MOST_MARKS } from "./markEvents";
import { Story } from "./Story";
import { Swimlanes } from "./Swimlanes";
import { runOf, runText, storyOf } from "./taskRuns";

const EVERY = 3000;
const LIMIT = 300;
const DRAWN = 150;

const STATES = [
  { value: "", label: "All" },
  { value: "running", label: "Running" },
  { value: "completed", label: "Done" },
  { value: "failed", label: "Failed" },
  { value: "cancelled", label: "Cancelled" },
  { value: "orphaned", label: "Orphaned" },
];

// So many milliseconds after a program was last heard of, one is told.
const LONG = 60_000;

/** How a task stands; of one that runs, since when its program is silent. */
export function StateBadge({ task }: { task: Task }) {
  const { state, writer_last: last } = task;
  const isSilent = state === "running" && last !== null && Date.now() - millis(last) > LONG;
  return (
    <span class="unended">
      <span class={`badge task-${state}`}>{state === "completed" ? "done" : state}</span>
      {isSilent && (
        <span class="faint" title="Nothing has come of its program since: it may be at work, or may have been killed">
          {" "}
          silent since {moment(last)}
        </span>
      )}
    </span>
  );
}

const COLUMNS: Column<Task>[] = [
  { key: "state", head: "State", by: (task) => task.state, cell: (task) => <StateBadge task={task} /> },
  { key: "name", head: "Task", isWide: true, by: (task) => task.name, cell: (task) => <TaskName task={task} /> },
  { key: "persona", head: "Persona", by: (task) => task.persona, cell: (task) => task.persona ?? "–" },
  {
    key: "started",
    head: "Began",
    by: (task) => task.started,
    cell: (task) => <span class="mono">{moment(task.started)}</span>,
  },
  {
    key: "duration",
    head: "Took",
    isNumber: true,
    by: (task) => task.duration,
    cell: (task) => duration(task.duration),
  },
  {
    key: "events",
    head: <span title="Its own, without those of the tasks beneath it">Events</span>,
    isNumber: true,
    by: (task) => task.events,
    cell: (task) => count(task.events),
  },
  {
    key: "errors",
    head: "Errors",
    isNumber: true,
    by: (task) => task.errors,
    cell: (task) => <span class={task.errors ? "bad" : "faint"}>{count(task.errors)}</span>,
  },
  { key: "cycle", head: "Cycle", isNumber: true, by: (task) => task.cycle, cell: (task) => task.cycle ?? "–" },
];

function TaskName({ task }: { task: Task }) {
  const error = errorTypeText(task.error_type) || (task.error_type && inline(task.attributes.reason));
  return (
    <span>
      <b>{task.name}</b> <span class="mono faint">{task.task_id === task.name ? "" : task.task_id}</span>{" "}
      <span class="faint">{runText(task)}</span>
      {error && <span class="bad"> {error}</span>}
    </span>
  );
}

export function TasksView() {
  const chosen = parameter("task");
  const query = {
    state: parameter("state"),
    persona: parameter("persona"),
    session: parameter("session"),
    session_run: parameter("session_run"),
    cycle: parameter("cycle"),
    cycle_run: parameter("cycle_run"),
    limit: LIMIT,
  };
  const answer = usePolled(`tasks-${JSON.stringify(query)}`, (signal) => getTasks(query, signal), EVERY);
  const marks = usePolled("marks", getMarks, EVERY).data ?? [];
  const narrowedBy = (["persona", "session", "session_run", "cycle", "cycle_run"] as const).filter((key) =>
    parameter(key),
  );
  const controls = (
    <>
      <Choice name="state" label="State" options={STATES} />
      <Search name="search" label="Search tasks" placeholder="name or id" />
      {narrowedBy.map((key) => (
        <button key={key} type="button" class="chip" onClick={() => change({ [key]: null })}>
          {key.replace("_", " ")} {parameter(key)} ×
        </button>
      ))}
    </>
  );
  if (chosen) return <Story id={chosen} run={parameter("run")} />;
  return (
    <Page
      title="Tasks"
      about="A bar for each task, a lane for each persona. Orphaned is what its program left open when it ended, or fell silent for ten minutes."
      controls={controls}
    >
      <Answer of={answer}>
        {(tasks) => {
          const wanted = parameter("search").toLowerCase();
          const fitting = tasks.filter((task) => `${task.name} ${task.task_id}`.toLowerCase().includes(wanted));
          if (fitting.length === 0)
            return (
              <None>{tasks.length ? "No task fits." : "No such tasks yet. A task begins with task.started."}</None>
            );
          return (
            <>
              <Swimlanes tasks={fitting.slice(0, DRAWN)} marks={marks} now={Date.now()} />
              {marks.length === MOST_MARKS && (
                <p class="faint">Marks are the newest {count(MOST_MARKS)} events; a task's story has its own.</p>
              )}
              <Table
                label="Tasks, the newest first"
                rows={fitting}
                columns={COLUMNS}
                id={runOf}
                onChoose={(task) => change(storyOf(task))}
              />
              {tasks.length === LIMIT && (
                <p class="faint pad">
                  The newest {LIMIT}. <a href={linkTo("live", { filter: "task.*" })}>All events of tasks</a>
                </p>
              )}
            </>
          );
        }}
      </Answer>
    </Page>
  );
}
