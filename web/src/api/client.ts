// The API, typed: one function for each thing that the page asks.

import type {
  Alert,
  AttributeKey,
  Catalogue,
  Cycle,
  ErrorGroup,
  EventPage,
  Health,
  LedgerEvent,
  Rates,
  SeriesPoint,
  Session,
  Span,
  Task,
  TaskStory,
  Writer,
} from "./types";

type Parameters = Record<string, string | number | null | undefined>;

/** What the server said to a request that it did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: string,
    readonly column: number | null,
  ) {
    super(problem);
  }
}

export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(key, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

async function failure(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null); // a proxy between may answer in HTML
  const error = (body as { error?: { problem?: string; column?: number } } | null)?.error;
  return new ApiError(
    response.status,
    error?.problem ?? `the server answered ${response.status}`,
    error?.column ?? null,
  );
}

async function ask(path: string, parameters: Parameters, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(address(path, parameters), {
    signal: signal ?? null,
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw await failure(response);
  return response;
}

async function get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, parameters, signal)).json()) as T;
}

interface EventQuery {
  filter?: string;
  after?: number;
  before?: number;
  since?: string;
  until?: string;
  limit?: number;
  order?: "oldest" | "newest";
}

export const getEvents = (query: EventQuery, signal?: AbortSignal) =>
  get<EventPage>("/api/events", { ...query }, signal);

/** The next events that fit. A filter that no index answers is looked for a while at a time: go on until there are some. */
export async function findEvents(query: EventQuery, signal?: AbortSignal): Promise<EventPage> {
  const key = query.order === "newest" ? "before" : "after";
  let page = await getEvents(query, signal);
  while (page.events.length === 0 && page.next !== null) page = await getEvents({ ...query, [key]: page.next }, signal);
  return page;
}

/** The event's own text: numbers as the program wrote them, which JSON.parse would round. */
export const getEventText = async (seq: number, signal?: AbortSignal) =>
  (await ask(`/api/events/${seq}`, {}, signal)).text();

interface TaskQuery {
  state?: string;
  persona?: string;
  session?: string;
  session_run?: string;
  cycle?: string;
  cycle_run?: string;
  limit?: number;
}

export const getTasks = async (query: TaskQuery, signal?: AbortSignal) =>
  (await get<{ tasks: Task[] }>("/api/tasks", { ...query }, signal)).tasks;

/** The story of the run of *id* that began last, or of another. */
export const getTask = (id: string, run: string, signal?: AbortSignal) =>
  get<TaskStory>(`/api/tasks/${encodeURIComponent(id)}`, { run }, signal);

export const getTrace = (id: string, signal?: AbortSignal) =>
  get<{ events: LedgerEvent[]; spans: Span[] }>(`/api/traces/${encodeURIComponent(id)}`, {}, signal);

export const getSessions = async (signal?: AbortSignal) =>
  (await get<{ sessions: Session[] }>("/api/sessions", {}, signal)).sessions;

export const getCycles = async (session: string, session_run: string, signal?: AbortSignal) =>
  (await get<{ cycles: Cycle[] }>("/api/cycles", { session, session_run }, signal)).cycles;

export const getErrors = (signal?: AbortSignal, since?: string) =>
  get<{ groups: ErrorGroup[] }>("/api/errors", { since }, signal);

export const getOccurrences = async (fingerprint: string, signal?: AbortSignal) =>
  (await get<{ occurrences: LedgerEvent[] }>(`/api/errors/${encodeURIComponent(fingerprint)}`, {}, signal)).occurrences;

export const getAlerts = (signal?: AbortSignal) => get<{ open: Alert[]; resolved: Alert[] }>("/api/alerts", {}, signal);

export const getRates = (seconds: number, by: "event" | "category" | "severity", signal?: AbortSignal) =>
  get<Rates>("/api/rates", { seconds, by }, signal);

export const getSeries = async (event: string, attributes: string[], limit: number, signal?: AbortSignal) =>
  (await get<{ points: SeriesPoint[] }>("/api/series", { event, attributes: attributes.join(","), limit }, signal))
    .points;

/** The attributes that events of this type had; those that are only defined are the catalogue's matter. */
export const getAttributes = async (event: string, signal?: AbortSignal) =>
  (await get<{ attributes: AttributeKey[] }>("/api/attributes", { event }, signal)).attributes.filter(
    (each) => each.count > 0,
  );

export const getCatalogue = (signal?: AbortSignal) => get<Catalogue>("/api/catalog", {}, signal);

export const getNames = async (signal?: AbortSignal) =>
  (await get<{ names: { name: string; count: number }[] }>("/api/names", {}, signal)).names;

export const getValues = async (key: string, signal?: AbortSignal) =>
  (await get<{ values: { value: string; count: number }[] }>("/api/values", { key }, signal)).values;

export const getWriters = async (signal?: AbortSignal) =>
  (await get<{ writers: Writer[] }>("/api/writers", {}, signal)).writers;

export const getHealth = (signal?: AbortSignal) => get<Health>("/api/health", {}, signal);

export async function sendTestEvent(): Promise<void> {
  const response = await fetch("/api/test-event", { method: "POST" });
  if (!response.ok) throw await failure(response);
}

const USUAL_OTLP_PORT = 4318;

/** Where programs send their events. */
export const otlpEndpoint = (port: number = USUAL_OTLP_PORT): string =>
  `${location.protocol}//${location.hostname}:${port}`;

export const exportAddress = (filter: string, format: "jsonl" | "zip", since?: string, until?: string) =>
  address("/api/export", { filter, format, since, until });
