// The rows of a waterfall: a task, the tasks beneath it, and the spans of whatever else was traced there.

import type { LedgerEvent, Span, Task } from "../api/types";
import { millis } from "../format";
import { isEventOf, parentRunOf, runOf } from "./taskRuns";
import { endOf, type TimeSpan } from "./lanes";

export interface FallRow {
  id: string;
  name: string;
  depth: number;
  from: number;
  to: number;
  /** Null of a span that is no task. */
  task: Task | null;
  /** Null of a task whose span was not sent. */
  span: Span | null;
  isFailed: boolean;
  /** Its events, and what else happened inside its span: that has no number. */
  events: LedgerEvent[];
}

interface Node extends Omit<FallRow, "depth"> {
  parent: string;
}

const DEEPEST = 50;

const idOf = (task: Task): string => task.span_id || runOf(task);

function nodeOfTask(
  task: Task,
  spans: Map<string, Span>,
  ids: Map<string, string>,
  events: LedgerEvent[],
  now: number,
): Node {
  const id = idOf(task);
  const span = spans.get(id) ?? null;
  return {
    id,
    // The span above is nearer than the task above: something else that was traced may stand between them.
    parent: span?.parent_span_id || ids.get(parentRunOf(task)) || "",
    name: task.name,
    from: millis(task.started),
    to: endOf(task, now),
    task,
    span,
    isFailed: task.state === "failed",
    events: [
      ...events.filter((event) => isEventOf(event, task) && !event.event.startsWith("task.")),
      ...(span ? happenedIn(span, events) : []),
    ],
  };
}

const placeOf = (name: string, time: string): string => `${name} ${Math.round(millis(time) * 10)}`;

/** What happened inside *span*, in the shape of events; those that were events as well are left out. */
function happenedIn(span: Span, events: LedgerEvent[]): LedgerEvent[] {
  const known = new Set(events.map((event) => placeOf(event.event, event.time)));
  return (span.events ?? [])
    .filter((each) => !known.has(placeOf(each.name, each.time)))
    .map((each) => ({
      seq: 0,
      time: each.time,
      event: each.name,
      severity: "INFO",
      message: null,
      service: span.service,
      attributes: each.attributes,
    }));
}

function nodeOfSpan(span: Span, events: LedgerEvent[]): Node {
  return {
    id: span.span_id,
    parent: span.parent_span_id,
    name: span.name,
    from: millis(span.started),
    to: millis(span.ended),
    task: null,
    span,
    isFailed: span.status === "error",
    events: happenedIn(span, events),
  };
}

/** Parents before their children, those in the order in which they began. */
export function fallRows(root: Task, tasks: Task[], spans: Span[], events: LedgerEvent[], now: number): FallRow[] {
  const byId = new Map(spans.map((span) => [span.span_id, span]));
  const ids = new Map(tasks.map((task) => [runOf(task), idOf(task)]));
  const ofTasks = tasks.map((task) => nodeOfTask(task, byId, ids, events, now));
  const taken = new Set(ofTasks.map((node) => node.id));
  const nodes = [
    ...ofTasks,
    ...spans.filter((span) => !taken.has(span.span_id)).map((span) => nodeOfSpan(span, events)),
  ];
  const known = new Set(nodes.map((node) => node.id));
  const below = new Map<string, Node[]>();
  for (const node of nodes) {
    if (node.id === idOf(root)) continue;
    // A task whose parent sent no span still belongs beneath the root; a foreign span does not.
    const parent = known.has(node.parent) || !node.task ? node.parent : idOf(root);
    below.set(parent, [...(below.get(parent) ?? []), node]);
  }
  const walk = (node: Node, depth: number): FallRow[] => [
    { ...node, depth },
    ...(depth < DEEPEST ? (below.get(node.id) ?? []) : [])
      .sort((a, b) => a.from - b.from)
      .flatMap((each) => walk(each, depth + 1)),
  ];
  const top = nodes.find((node) => node.id === idOf(root));
  return top ? walk(top, 0) : [];
}

/** The time that *rows* take. */
export function extentOf(rows: FallRow[]): TimeSpan {
  const from = Math.min(...rows.map((row) => row.from));
  return { from, to: Math.max(from + 0.001, ...rows.map((row) => row.to)) };
}
