import type { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import type { Fields } from "../http/fields.ts";
import { isLoadReport, LOAD_REPORT_FIELD, parseLoadReport } from "../http/load-report.ts";
import type { Server } from "./server.ts";

/**
 * A request's hold on one server, from its being picked until the last byte of the answer. What is counted of a server goes
 * up and down here alone. It ends once, by whichever of its methods comes first:
 *
 * | end         | of                                             | the server is judged by |
 * | ----------- | ---------------------------------------------- | ----------------------- |
 * | `done`      | an answer that is whole, or was let go of      | its status              |
 * | `failed`    | an attempt without an answer, or a broken one  | the failure             |
 * | `withdrawn` | a wait, as the request is to choose again      | nothing                 |
 */
export class Lease {
  readonly server: Server;
  /** When the head came, on the clock of `performance.now()`; 0 until then. */
  headAt = 0;
  readonly #client: string;
  readonly #judges: boolean;
  #ended = false;
  /** Status of the answer under way, which judges the server once it is whole; 0 while there is none. */
  #status = 0;

  /**
   * `server` was picked for a request of `client`. Unless it `judges`, the server is blamed for nothing but a connection
   * that could not be opened.
   */
  constructor(server: Server, client: string, judges = true) {
    this.server = server;
    this.#client = client;
    this.#judges = judges;
    server.record.unprobed++;
    server.record.inFlight++;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The head of an answer came to what was sent at `sentAt`, on the clock of `performance.now()`. Takes a report of the
   * server's load out of its fields where that is for us: nobody else needs to know.
   */
  headSeen(
    { status, fields }: { status: number; fields: Fields },
    sentAt: number,
    opensTunnel: boolean,
  ): void {
    const { server } = this;
    const now = this.headAt = TICK.now();
    const { latency, peak, responseSeconds, answers } = server.record;
    if (status < 500 || server.isParent) { // how fast it fails says nothing of how fast it is
      latency.add(now - sentAt, now);
      peak.add(now - sentAt, now);
    }
    responseSeconds.observe((now - sentAt) / 1000);
    const hundreds = Math.floor(status / 100);
    answers[hundreds <= 5 ? hundreds : 0]! += 1;
    if (server.readsReports) this.#takeReport(fields, now);
    // A tunnel may last for days, and its end says nothing about the server.
    if (opensTunnel) this.#judge(status);
    else this.#status = status;
  }

  /** The answer came to its end, or nobody wants it any more. */
  done(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { record } = this.server;
    record.requests++;
    if (this.#status >= 500) record.errors++;
    if (this.#status > 0) this.#judge(this.#status);
    this.#release();
  }

  /** There will be no answer, or not all of it. Counts against the server, unless it was not its fault. */
  failed(error: ProxyError): void {
    if (this.#ended) return;
    this.#ended = true;
    const { kind, side, blames } = error;
    const { record } = this.server;
    record.requests++;
    if (side === "upstream") {
      record.errors++;
      const { failures, failedLoad, latency } = record;
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
      if (blames && (this.#judges || !error.sent)) {
        failedLoad.add(TICK.now(), latency.averageMs);
        this.server.outcomes.onFailed(this.server, kind, error.sent ? this.#client : undefined);
      }
    }
    this.#release();
  }

  /** The request waited in vain and chooses again: this server had none. */
  withdrawn(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { record } = this.server;
    if (record.unprobed > 0) record.unprobed--; // unless a probe has given it a new beginning
    this.#release();
  }

  #judge(status: number): void {
    const { server } = this;
    if (!this.#judges) return;
    if (status < 500 || server.isParent) server.outcomes.onPassed(server, this.#client, this.headAt);
    else {
      server.record.failedLoad.add(TICK.now(), server.record.latency.averageMs);
      server.outcomes.onFailed(server, status, this.#client);
    }
  }

  #release(): void {
    const { server } = this;
    const wasFull = server.full;
    server.record.inFlight--;
    if (wasFull && !server.full) server.outcomes.onRoom(server);
  }

  #takeReport(fields: Fields, now: number): void {
    const value = fields.get(LOAD_REPORT_FIELD);
    if (value === undefined) return;
    const utilization = parseLoadReport(value);
    if (utilization !== undefined) this.server.record.report = { utilization, at: now };
    fields.removeWhere(isLoadReport);
  }
}
