// Records wait in a bounded queue and go out in batches, as OTLP's JSON over HTTP.

const BATCH = 512; // records of one request
const MOST_BYTES = 1_000_000; // of one request
const BEACON_BYTES = 60_000; // browsers let a page that goes away send 64 KiB
const RETRIED = new Set([408, 429, 502, 503, 504]);
const SPLIT = new Set([400, 413, 415, 422]);

/** One signal's queue and its way to the endpoint. */
export class Sender {
  #waiting = [];
  #bytes = 0;
  #inFlight = [];
  #timer;
  #sending;
  #failures = 0;
  #due = 0;

  /** @param settings url, headers, timeout, wrap(records) -> body, maxBytes, window; @param counts what `stats` tells */
  constructor(settings, counts) {
    this.settings = settings;
    this.counts = counts;
  }

  get isIdle() {
    return this.#waiting.length === 0 && this.#inFlight.length === 0;
  }

  add(record) {
    if (this.#bytes + record.length > this.settings.maxBytes) {
      this.counts.dropped.queue_full = (this.counts.dropped.queue_full ?? 0) + 1;
      return;
    }
    this.#waiting.push(record);
    this.#bytes += record.length;
    if (this.#waiting.length >= BATCH && this.#failures === 0) this.#send();
    else this.#wake(this.settings.window);
  }

  #wake(delay) {
    if (this.#timer !== undefined || this.#sending) return;
    const wait = Math.max(delay, this.#due - Date.now());
    this.#timer = setTimeout(() => this.#send(), wait);
    this.#timer.unref?.(); // Node: a program's end does not wait for it; `beforeExit` sends what is left
  }

  /** Send what waits now; return whether all of it was taken. */
  async flush(deadline) {
    this.#due = 0;
    while (!this.isIdle && Date.now() < deadline) {
      const isTaken = await (this.#sending ?? this.#send(deadline));
      if (!isTaken && Date.now() < deadline) return false;
    }
    return this.isIdle;
  }

  #send(deadline = Infinity) {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll(deadline).finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length) this.#wake(this.settings.window);
    });
    return this.#sending;
  }

  async #sendAll(deadline) {
    let most = BATCH;
    while (this.#waiting.length) {
      this.#inFlight = this.#take(most, MOST_BYTES);
      const { status, retryAfter } = await this.#post(this.#inFlight, deadline);
      const batch = this.#inFlight;
      this.#inFlight = [];
      if (status >= 200 && status < 300) {
        this.counts.delivered += batch.length;
        this.#failures = 0;
      } else if (status === 0 || RETRIED.has(status)) {
        this.#putBack(batch);
        this.counts.retries += 1;
        this.#due = Date.now() + (retryAfter ?? Math.min(30_000, 1000 * 2 ** this.#failures++));
        return false;
      } else if (SPLIT.has(status) && batch.length > 1) {
        this.#putBack(batch);
        most = Math.ceil(batch.length / 2);
      } else {
        this.counts.dropped.refused = (this.counts.dropped.refused ?? 0) + batch.length;
      }
    }
    return true;
  }

  #take(most, mostBytes, sizeOf = (record) => record.length) {
    let count = 0;
    let size = 0;
    while (count < Math.min(most, this.#waiting.length)) {
      size += sizeOf(this.#waiting[count]);
      if (count > 0 && size > mostBytes) break;
      count += 1;
    }
    const batch = this.#waiting.splice(0, count);
    for (const record of batch) this.#bytes -= record.length;
    return batch;
  }

  #putBack(batch) {
    this.#waiting = batch.concat(this.#waiting);
    for (const record of batch) this.#bytes += record.length;
  }

  async #post(batch, deadline) {
    const { url, headers, timeout, wrap } = this.settings;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: wrap(batch),
        credentials: "omit",
        redirect: "error", // followed, it would become a request for a page, whose answer says nothing
        signal: AbortSignal.timeout(Math.max(1, Math.min(timeout, deadline - Date.now()))),
      });
      await answer.text(); // else Node keeps the connection for nobody
      const seconds = Number(answer.headers.get("retry-after") ?? NaN);
      return { status: answer.status, retryAfter: seconds >= 0 ? Math.min(seconds, 300) * 1000 : undefined };
    } catch {
      return { status: 0 }; // no answer
    }
  }

  /** A page goes away: hand what waits, and what is on its way, to the browser. What comes twice has its uid. */
  leave() {
    const { url, headers, wrap } = this.settings;
    this.#putBack(this.#inFlight);
    this.#inFlight = [];
    const canBeacon = Object.keys(headers).length === 0 && new URL(url, location.href).origin === location.origin;
    const left = [];
    const bytesOf = (record) => new TextEncoder().encode(record).length;
    while (this.#waiting.length) {
      const batch = this.#take(BATCH, BEACON_BYTES, bytesOf);
      const body = wrap(batch);
      if (canBeacon) {
        if (!navigator.sendBeacon(url, new Blob([body], { type: "application/json" }))) left.push(...batch);
        continue;
      }
      // A beacon brings cookies, which servers of other origins do not ask for, and no headers.
      fetch(url, {
        method: "POST", keepalive: true, credentials: "omit", redirect: "error", headers: { "Content-Type": "application/json", ...headers }, body,
      }).then((answer) => answer.ok || this.#keep(batch), () => this.#keep(batch));
    }
    this.#keep(left);
  }

  /** What the browser does not take is too much for it now: sent as usual, if the page is only hidden. */
  #keep(batch) {
    this.#putBack(batch);
    if (batch.length) this.#wake(this.settings.window);
  }
}
