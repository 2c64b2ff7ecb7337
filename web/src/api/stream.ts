// The live stream over a WebSocket: goes on from its cursor after every break.

import { address } from "./client";
import type { LedgerEvent } from "./types";

export type Frame =
  | { type: "hello"; cursor: number; first: number; server: string; heartbeat: number }
  | { type: "events"; cursor: number; events: LedgerEvent[] }
  | { type: "counts"; cursor: number; from: number; to: number; counts: Record<string, number> }
  | { type: "gap"; from: number; to: number; dropped: number }
  | { type: "filter"; filter: string; cursor: number }
  | { type: "heartbeat"; cursor: number; time: string }
  | { type: "error"; problem: string; column?: number };

export type StreamStatus = "idle" | "connecting" | "open" | "lost";

// A server that is started anew is back within a second or two; one that is gone is asked less and less often.
const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;
const JITTER = 0.3; // of a wait: many pages that lost one server do not come back in one moment
// The server will not have this filter, now or later.
const POLICY_VIOLATION = 1008;

export class EventStream {
  private socket: WebSocket | null = null;
  private cursor = 0;
  private filter = "";
  private wait = FIRST_WAIT;
  private heartbeat = 15;
  /** What came of events beyond the cursor, which waits for the counts of what was folded among them. */
  private readonly ahead = new Set<number>();
  /** Frames of the filter before are still on their way. */
  private isChanging = false;
  /** Not since it was last open. */
  private isLost = false;
  private timer = 0;
  private watchdog = 0;

  constructor(
    private readonly onFrame: (frame: Frame) => void,
    /** *again* is when it will be tried again, in milliseconds since the Unix epoch. */
    private readonly onStatus: (status: StreamStatus, again: number | null) => void,
  ) {
    window.addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => !document.hidden && this.now());
  }

  /** Send what fits *filter* and comes after *cursor*; the connection is opened if there is none. */
  follow(filter: string, cursor: number): void {
    this.filter = filter;
    this.cursor = cursor;
    this.ahead.clear();
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.isChanging = true;
      this.socket.send(JSON.stringify({ type: "filter", filter, from: cursor }));
    } else if (this.socket?.readyState !== WebSocket.CONNECTING) {
      this.connect();
    }
  }

  /** Try at once what is being waited for. */
  now(): void {
    if (this.timer) this.connect();
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    if (!this.isLost) this.onStatus("connecting", null);
    const asked = { filter: this.filter, cursor: this.cursor };
    const url = new URL(address("/stream", { filter: asked.filter, from: asked.cursor }), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => {
      this.isChanging = false;
      this.wait = FIRST_WAIT;
      this.isLost = false;
      this.onStatus("open", null);
      this.watch();
      // What was asked for while the connection was being made.
      if (asked.filter !== this.filter || asked.cursor !== this.cursor) this.follow(this.filter, this.cursor);
    };
    socket.onmessage = (message) => this.socket === socket && this.receive(JSON.parse(message.data as string) as Frame);
    socket.onclose = (close) => {
      if (this.socket !== socket) return; // another one has taken its place
      this.socket = null;
      clearTimeout(this.watchdog);
      this.isLost = true;
      if (close.code === POLICY_VIOLATION) this.onStatus("idle", null);
      else this.again();
    };
  }

  private receive(frame: Frame): void {
    this.watch();
    if (frame.type === "hello") this.heartbeat = frame.heartbeat;
    else if (frame.type === "filter") this.isChanging = frame.filter !== this.filter; // else that of another one to come
    if (this.isChanging && frame.type !== "error") return;
    this.onFrame(
      frame.type === "events" ? { ...frame, events: frame.events.filter((event) => this.isNew(event.seq)) } : frame,
    );
    if (frame.type === "gap") this.advance(frame.to);
    else if (frame.type === "events" || frame.type === "counts" || frame.type === "heartbeat")
      this.advance(frame.cursor);
  }

  private isNew(seq: number): boolean {
    if (seq <= this.cursor || this.ahead.has(seq)) return false;
    this.ahead.add(seq);
    return true;
  }

  private advance(cursor: number): void {
    this.cursor = Math.max(this.cursor, cursor);
    for (const seq of this.ahead) if (seq <= this.cursor) this.ahead.delete(seq);
  }

  private again(): void {
    const wait = this.wait * (1 - JITTER + 2 * JITTER * Math.random());
    this.onStatus("lost", Date.now() + wait);
    this.timer = window.setTimeout(() => this.connect(), wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** A connection that is silent for longer than two heartbeats is dead, whatever the network says. */
  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => this.socket?.close(), this.heartbeat * 2500);
  }
}
