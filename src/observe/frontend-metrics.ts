import type { OutcomeReason } from "../base/errors.ts";
import type { BodyBytes, Exchange, PasswordVerdict } from "../message/exchange.ts";
import type { OpenTunnel, TunnelKind } from "../message/tunnel.ts";
import type { Exposition } from "./exposition.ts";
import { BackendCounts, sumOfCounts } from "./backend-counts.ts";
import { OpenTunnels } from "./open-tunnels.ts";
import { sumOf, Traffic } from "./traffic.ts";

/** Methods that are counted under their own name; clients may invent others, which are `_other`. */
const METHODS: ReadonlyMap<string, number> = new Map(
  ["_other", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "QUERY"].map((
    method,
    i,
  ) => [method, i]),
);
const METHOD_NAMES = [...METHODS.keys()];
/** Statuses run from 100 to 999 (RFC 9110 §15); one key holds both. */
const STATUSES = 1000;

/** Backends that are gone, of which is kept what was counted. */
const MAX_GONE = 256;

/** Counts the requests of one frontend. Lives as long as the frontend, through every reload. */
export class FrontendMetrics {
  readonly #byBackend = new Map<string, BackendCounts>();
  readonly #passwords = new Map<PasswordVerdict, number>();
  /** The traffic of backends that are gone, so that the sum of all never falls. */
  readonly #gone = new Traffic();
  /** By the minor version of HTTP/1. */
  readonly #versions: [number, number] = [0, 0];
  readonly #tunnels = new OpenTunnels();
  /** What was counted to backends before they went and came back, or are to come back; those that went last at the end. */
  readonly #earlier = new Map<string, BackendCounts>();
  /** Bytes that were counted before the frontend went and came back. */
  readonly #earlierBytes: Readonly<BodyBytes> = { bytesIn: 0, bytesOut: 0 };
  #accepted = 0;
  #refused = 0;
  #inFlight = 0;

  /** `earlier` is of a frontend of this name that is gone: what the metrics show goes on from there. */
  constructor(earlier?: FrontendMetrics) {
    if (earlier === undefined) return;
    this.#accepted = earlier.#accepted;
    this.#refused = earlier.#refused;
    this.#versions = [...earlier.#versions];
    this.#passwords = new Map(earlier.#passwords);
    this.#tunnels = new OpenTunnels(earlier.#tunnels);
    this.#earlierBytes = earlier.#bytes();
    for (const parts of [earlier.#earlier, earlier.#byBackend]) {
      for (const [name, counts] of parts) this.#keepEarlier(name, counts);
    }
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Clients that were turned away. */
  get refusals(): number {
    return this.#refused;
  }

  /** All its traffic, in parts. */
  get traffic(): readonly Traffic[] {
    return [this.#gone, ...[...this.#byBackend.values()].map(({ traffic }) => traffic)];
  }

  /** Its traffic to the backend `name`; undefined where there was none. */
  trafficTo(name: string): Traffic | undefined {
    return this.#byBackend.get(name)?.traffic;
  }

  /** Failures so far by reason, of all backends or of the one called `name`. */
  failures(name?: string): ReadonlyMap<OutcomeReason, number> {
    const counts = name === undefined ? [...this.#byBackend.values()] : [this.#byBackend.get(name)];
    const all = new Map<OutcomeReason, number>();
    for (const [reason, count] of counts.flatMap((its) => [...its?.failures ?? []])) {
      all.set(reason, (all.get(reason) ?? 0) + count);
    }
    return all;
  }

  /** A client has connected. */
  accepted(): void {
    this.#accepted++;
  }

  /** A client was turned away. */
  refused(): void {
    this.#refused++;
  }

  /** A request begins. */
  begun(): void {
    this.#inFlight++;
  }

  /** A request is over; `now` on the clock of `performance.now()`. */
  finished(exchange: Exchange, now: number): void {
    this.#inFlight--;
    this.#versions[exchange.minorVersion]++;
    const counts = this.#countsOf(exchange.backend ?? "");
    const key = (METHODS.get(exchange.method) ?? 0) * STATUSES + (exchange.status || 499);
    counts.requests.set(key, (counts.requests.get(key) ?? 0) + 1);
    const ms = now - exchange.startedAt;
    counts.traffic.count(exchange, ms);
    if (exchange.queueMs > 0) counts.queueSeconds.observe(exchange.queueMs / 1000);
    exchange.route?.count(exchange, ms);
    const { lastServer } = exchange;
    if (lastServer !== undefined) {
      lastServer.bytesIn += exchange.bytesIn;
      lastServer.bytesOut += exchange.bytesOut;
    }
    const { reason, passwordVerdict: verdict } = exchange;
    if (verdict !== undefined) this.#passwords.set(verdict, (this.#passwords.get(verdict) ?? 0) + 1);
    if (reason !== "ok") counts.failures.set(reason, (counts.failures.get(reason) ?? 0) + 1);
  }

  /** A request has become a tunnel. */
  tunnelOpened(tunnel: OpenTunnel, kind: TunnelKind): void {
    this.#tunnels.add(tunnel, kind);
  }

  /** It is over, and its request about to be. */
  tunnelOver(tunnel: OpenTunnel, kind: TunnelKind): void {
    this.#tunnels.delete(tunnel, kind);
  }

  /** Forgets the backends that `names` leaves out: a reload took them away, and others may follow without end. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, counts] of this.#byBackend) {
      if (name === "" || names.has(name)) continue;
      this.#gone.add(counts.traffic);
      this.#byBackend.delete(name);
      this.#keepEarlier(name, counts);
    }
  }

  /** Adds everything to `page` under the label `frontend`. */
  collect(page: Exposition, frontend: string): void {
    page.add("sluice_accepted_connections_total", { frontend }, this.#accepted);
    page.add("sluice_refused_connections_total", { frontend }, this.#refused);
    page.add("sluice_requests_in_flight", { frontend }, this.#inFlight);
    this.#versions.forEach((count, minor) => {
      page.add("sluice_requests_by_version_total", { frontend, version: `1.${minor}` }, count);
    });
    this.#tunnels.collect(page, frontend);
    const { bytesIn, bytesOut } = this.#bytes();
    page.add("sluice_received_body_bytes_total", { frontend }, bytesIn);
    page.add("sluice_sent_body_bytes_total", { frontend }, bytesOut);
    for (const [result, count] of this.#passwords) {
      page.add("sluice_relay_passwords_total", { frontend, result }, count);
    }
    for (const [backend, counts] of this.#byBackend) {
      const { requests, failures, traffic, queueSeconds } = sumOfCounts(this.#earlier.get(backend), counts);
      for (const [key, count] of requests) {
        const method = METHOD_NAMES[Math.floor(key / STATUSES)]!;
        const status = String(key % STATUSES);
        page.add("sluice_requests_total", { frontend, backend, method, status }, count);
      }
      for (const [reason, count] of failures) {
        page.add("sluice_request_failures_total", { frontend, backend, reason }, count);
      }
      const labels = { frontend, backend };
      page.add("sluice_retries_total", labels, traffic.retries);
      page.addHistogram("sluice_request_duration_seconds", labels, traffic.durations);
      page.addHistogram("sluice_queue_seconds", labels, queueSeconds);
    }
  }

  /** Bytes of bodies, and of tunnels as far as they have come. */
  #bytes(): BodyBytes {
    const parts = [this.#earlierBytes, sumOf(this.traffic), this.#tunnels.bytes];
    return {
      bytesIn: parts.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      bytesOut: parts.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
    };
  }

  #keepEarlier(name: string, counts: BackendCounts): void {
    const sum = sumOfCounts(this.#earlier.get(name), counts);
    this.#earlier.delete(name);
    this.#earlier.set(name, sum);
    if (this.#earlier.size > MAX_GONE) this.#earlier.delete(this.#earlier.keys().next().value!);
  }

  #countsOf(backend: string): BackendCounts {
    let counts = this.#byBackend.get(backend);
    if (counts === undefined) this.#byBackend.set(backend, counts = new BackendCounts());
    return counts;
  }
}
