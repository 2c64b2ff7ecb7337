// What the server sends: the ledger's line and the answers of the API.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Attributes = Record<string, Json>;

export const CORRELATION = [
  "task_id",
  "parent_task_id",
  "persona",
  "session_id",
  "cycle",
  "day",
  "env_id",
  "episode",
] as const;
export type CorrelationKey = (typeof CORRELATION)[number];

export interface LedgerEvent extends Partial<Record<CorrelationKey, string | number>> {
  seq: number;
  time: string;
  event: string;
  severity: string | number;
  message: Json;
  service: string;
  attributes?: Attributes;
  trace_id?: string;
  span_id?: string;
  uid?: string;
  observed?: string;
}

export interface EventPage {
  events: LedgerEvent[];
  next: number | null;
  first: number;
  last: number;
}

export type TaskState = "running" | "completed" | "failed" | "cancelled" | "orphaned";

/** Which run of its id it is, of how many; an id may be used again. */
interface Run {
  run?: number;
  runs?: number;
}

export interface Task extends Run {
  task_id: string;
  parent_run?: number | null;
  name: string;
  persona?: string | null;
  session_id?: string | null;
  cycle?: number | string | null;
  parent_task_id?: string | null;
  trace_id?: string | null;
  span_id?: string | null;
  state: TaskState;
  started: string;
  ended: string | null;
  duration: number | null;
  events: number;
  errors: number;
  error_type: string | null;
  attributes: Attributes;
  /** When anything last came of the program that has not said that the task ended; null if it has, or if nobody knows. */
  writer_last: string | null;
}

export interface Span {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  name: string;
  started: string;
  ended: string;
  status: string;
  service: string;
  message?: string | null;
  attributes?: Attributes;
  events?: SpanEvent[];
  links?: SpanLink[];
}

export interface SpanEvent {
  name: string;
  time: string;
  attributes: Attributes;
}

interface SpanLink {
  trace_id: string;
  span_id: string;
  attributes: Attributes;
}

export interface TaskStory {
  task: Task;
  ancestors: Task[];
  children: Task[];
  events: LedgerEvent[];
  spans: Span[];
  /** All runs of its id, the newest first. */
  runs?: Task[];
}

/** How something stands, and the program that wrote it, as far as is known. */
interface Lasting {
  state: "running" | "ended" | "orphaned" | "quiet";
  writer_state: WriterState | null;
}

export interface Session extends Run, Lasting {
  session_id: string;
  service: string | null;
  started: string;
  ended: string | null;
  duration: number | null;
  /** When its last event was. */
  last: string;
  /** An event said that it began; else it is known by its events alone. */
  is_started: boolean;
  cycles: number;
  events: number;
  errors: number;
}

export interface Stage {
  name: string;
  started: string;
  duration: number | null;
}

export interface Cycle extends Run, Lasting {
  session_run?: number | null;
  cycle: number | string;
  day: number | string | null;
  session_id: string | null;
  started: string;
  ended: string | null;
  duration: number | null;
  last: string;
  is_started: boolean;
  events: number;
  errors: number;
  stalls: number;
  stages: Stage[];
}

export interface ErrorGroup {
  fingerprint: string;
  type: string;
  message: string;
  event: string;
  count: number;
  first: string;
  last: string;
  trend: number[];
  services: string[];
  last_seq: number;
}

export interface Alert {
  name: string;
  component: string | null;
  severity: string | number;
  message: Json;
  started: string;
  ended: string | null;
  count: number;
  seq: number;
}

export interface Rates {
  from: string;
  step: number;
  series: Record<string, number[]>;
}

export interface SeriesPoint {
  seq: number;
  session_id: string | null;
  session_run: number | null;
  time: string;
  values: Record<string, number>;
}

export interface AttributeKey {
  key: string;
  kind: string;
  count: number;
}

export interface Definition {
  name: string;
  brief: string;
  message: string;
  category: string;
  severity: string | null;
  attributes: { key: string; type: string; brief: string }[];
  rolled_up_in_displays: boolean;
  seen: number;
  first: string | null;
  last: string | null;
}

export interface UnknownName {
  name: string;
  seen: number;
  first: string | null;
  last: string | null;
}

export interface Catalogue {
  definitions: Definition[];
  unknown: UnknownName[];
  /** How many there are, of which `unknown` has the most frequent. */
  unknown_names: number;
}

export type WriterState = "running" | "stopped" | "unclean" | "quiet";

export interface Writer {
  writer: string;
  service: string | null;
  host: string | null;
  pid: number | null;
  started: string | null;
  last: string | null;
  state: WriterState;
  /** Its events have sequence numbers: what is missing can be told. */
  is_numbered: boolean;
  emitted: number | null;
  received: number;
  missing: number | null;
  dropped: Record<string, number>;
}

export interface Health {
  version: string;
  uptime: number;
  /** Why nothing can be stored just now. */
  trouble: string | null;
  /** `unseen`: where programs of this user write without an endpoint, if that is another one. */
  ledger: { path: string; unseen: string | null };
  ingest: { rate: number; delay_p50: number | null; delay_p99: number | null };
  clients: number;
  stream: { folded: number; dropped: number };
  stored: { events: number; first_seq: number; last_seq: number; oldest: string | null; newest: string | null };
  disk: { ledger_bytes: number; index_bytes: number; free_bytes: number | null };
  retention: { max_bytes: number | null; max_age: number | null };
  refused: Record<string, number>;
  dropped: Record<string, number>;
  problems: Record<string, number>;
  otlp_port: number;
  /** While `state` is not `ready`: how many bytes of the ledger the index has come to. */
  index: { state: string; done?: number | null; total?: number | null };
}
