/** Events of OpenTelemetry for browsers and Node. */

export type Attributes = Record<string, unknown>;
/** A number of OpenTelemetry's, its short name, or a word of the logging world. */
export type Severity = number | "trace" | "debug" | "info" | "notice" | "warn" | "warning" | "error" | "critical" | "fatal" | (string & {});

export interface EventOptions {
  message?: string;
  severity?: Severity;
  attributes?: Attributes;
  /** When it happened, if not now: a Date, an ISO 8601 text, or milliseconds since 1970. */
  timestamp?: Date | string | number;
  exception?: unknown;
}

export interface Settings {
  serviceName?: string;
  /** Where OTLP over HTTP is taken, without /v1/logs; by default http://localhost:4318. */
  endpoint?: string;
  logsEndpoint?: string;
  tracesEndpoint?: string;
  headers?: Record<string, string>;
  resourceAttributes?: Attributes;
  disabled?: boolean;
  /** Milliseconds for one request; 10,000 by default. */
  timeout?: number;
  /** Of what waits, for each signal; 8 MiB by default. */
  maxQueueBytes?: number;
  /** Milliseconds in which events gather; 200 by default. */
  window?: number;
}

export interface Stats {
  emitted: number;
  /** Log records and spans that were taken. */
  delivered: number;
  retries: number;
  problems: number;
  dropped: { queue_full?: number; refused?: number };
}

export interface Task {
  readonly taskId: string;
  /** Put attributes on the span and on the closing event. */
  set(attributes: Attributes): void;
  /** Let it end as failed though nothing is thrown. */
  fail(reason?: unknown, options?: { errorType?: string }): void;
  event(name: string, messageOrAttributes?: string | Attributes, options?: EventOptions): void;
  inject<C extends object = Record<string, string>>(carrier?: C, options?: { environment?: boolean }): C;
  /** Run `work` inside of this task. */
  run<R>(work: () => R): R;
  /** End it: as completed, or by `error` as failed; an AbortError cancels it. */
  end(error?: unknown): void;
}

export function configure(settings?: Settings): void;
export function event(name: string, messageOrAttributes?: string | Attributes, options?: EventOptions): void;
export function task<R>(name: string, work: (task: Task) => R): R;
export function task<R>(name: string, attributes: Attributes, work: (task: Task) => R): R;
export function task(name: string, attributes?: Attributes): Task;
export function bind(attributes: Attributes): void;
export function context<R>(attributes: Attributes, work: () => R): R;
export function inject<C extends object = Record<string, string>>(carrier?: C, options?: { environment?: boolean }): C;
export function extract<R>(carrier: object, work: () => R): R;
export function flush(timeout?: number): Promise<boolean>;
export function stats(): Stats;
