import { networkOf } from "../http/ip.ts";
import { ALONE_MS, FailureWindow, type ShareRules } from "./failure-window.ts";

/** When failing requests take a server out. Times in ms. */
export interface EjectionRules extends ShareRules {
  readonly enabled: boolean;
  /** Failures in a row that eject a server. */
  readonly failures: number;
  /** Time of the first ejection; the n-th in a row lasts n times as long. */
  readonly time: number;
  readonly maxTime: number;
}

/** What a request asked for, and for whom. */
export interface Asked {
  /** Address of the client. */
  readonly client: string;
  readonly method: string;
  readonly target: string;
}

/** How a request failed. */
export interface Failure {
  /** On the clock of the owner. */
  readonly now: number;
  /** Whether the connection was refused. */
  readonly refused?: boolean;
  /** What was asked, which may be to blame; undefined where nothing was. */
  readonly asked?: Asked | undefined;
}

/**
 * What is enough for an ejection: a refused connection, a row of failures, or their share; or their share of the requests
 * of the only client there is, if others answer that client well.
 */
export type EjectionCause = "refused" | "row" | "share" | "alone";

/**
 * What the requests of one server say about it. It is enough for an ejection that a connection was refused; that a number
 * of requests in a row failed, of different clients, or such as another server answered; or that a share of all failed.
 * Each time that the server comes back only to fail again it stays out for longer. An answer below 500 ends the row. Pure:
 * the owner tells the time, and whether an ejection is allowed.
 */
export class PassiveHealth {
  readonly #rules: EjectionRules;
  /** Networks of the clients that the row is of. */
  readonly #row = new Set<string>();
  /** Failures of the row that no client has to do with. */
  #rowOwn = 0;
  /** Failures of the row where another server answered the same. */
  #rowConfirmed = 0;
  /** Failures of the row, all of them. */
  #rowLength = 0;
  #rowBeganAt = 0;
  readonly #window = new FailureWindow();
  #ejections = 0;
  #ejectedUntil = 0;
  #ejectedFor: EjectionCause | undefined;
  #answersAgain = false;

  /** `before`: what is known of the server from a config before. */
  constructor(rules: EjectionRules, before?: PassiveHealth) {
    this.#rules = rules;
    if (before === undefined || !rules.enabled) return;
    for (const client of before.#row) this.#row.add(client);
    this.#rowOwn = before.#rowOwn;
    this.#rowConfirmed = before.#rowConfirmed;
    this.#rowLength = before.#rowLength;
    this.#rowBeganAt = before.#rowBeganAt;
    this.#window.takeOver(before.#window);
    this.#ejections = before.#ejections;
    this.#ejectedUntil = before.#ejectedUntil;
    this.#ejectedFor = before.#ejectedFor;
    this.#answersAgain = before.#answersAgain;
  }

  /** When the ejection ends, on the owner's clock; 0 where there was none. */
  get ejectedUntil(): number {
    return this.#ejectedUntil;
  }

  /** Requests that were answered well, since they were last forgotten. */
  get passes(): number {
    return this.#window.passes;
  }

  /** Whether the last request that it got while it was out was answered well. */
  get answersAgain(): boolean {
    return this.#answersAgain;
  }

  /** Whether the server is out at `now`. */
  isEjected(now: number): boolean {
    return now < this.#ejectedUntil;
  }

  /** Requests of late, and how many of them failed. */
  tally(now: number): { requests: number; failures: number } {
    return this.#window.tally({ now, window: this.#rules.window });
  }

  /** A request of `client` was answered well. */
  passed(client: string): void {
    this.#window.passed(client);
    if (this.#rowLength > 0) this.#endRow();
    if (this.#ejectedUntil > 0) this.#answersAgain = true;
    else if (this.#ejections > 0 && this.#isSound) this.#ejections = 0;
  }

  /** A request failed on the server's side; returns what of it is enough for an ejection. */
  failed({ now, refused = false, asked }: Failure): EjectionCause | undefined {
    this.#answersAgain = false;
    if (!this.#rules.enabled) return undefined;
    const network = asked === undefined ? undefined : networkOf(asked.client);
    this.#window.failed(network, { now, window: this.#rules.window });
    if (this.#rowLength++ === 0) this.#rowBeganAt = now;
    if (network === undefined) this.#rowOwn++;
    else if (this.#row.size < this.#rules.failures) this.#row.add(network);
    if (refused) return "refused";
    if (this.#rowCounts(now) >= this.#rules.failures) return "row";
    return this.#window.exceeds(this.#rules, now);
  }

  /** Another server answered what has failed here so many times. */
  confirm(count: number): void {
    this.#window.confirm(count);
    if (this.#rowLength > 0) this.#rowConfirmed += count;
  }

  /** Ejects the server; returns for how long. */
  eject(now: number, cause: EjectionCause = "row"): number {
    this.#forget();
    this.#answersAgain = false;
    this.#ejectedFor = cause;
    this.#ejections++;
    const ms = Math.min(this.#rules.maxTime, this.#rules.time * this.#ejections);
    this.#ejectedUntil = now + ms;
    return ms;
  }

  /** Lets the server back in: its time is over, or there is a better reason. */
  readmit(): void {
    this.#ejectedUntil = 0;
    this.#answersAgain = false;
    this.#forget();
  }

  /** Whether what has come since the last ejection shows that it is over: one answer, or as many as make a share. */
  get #isSound(): boolean {
    return this.#ejectedFor !== "share" || this.#window.passes >= this.#rules.minRequests;
  }

  /**
   * Failures of the row that count: each client once. Where nobody was answered well for a while all do if they are of
   * several clients, and those of one if another server answered the same.
   */
  #rowCounts(now: number): number {
    const once = this.#row.size + this.#rowOwn;
    if (now - this.#rowBeganAt < ALONE_MS) return once;
    return this.#row.size > 1 ? this.#rowLength : Math.min(this.#rowLength, once + this.#rowConfirmed);
  }

  #endRow(): void {
    this.#row.clear();
    this.#rowOwn = this.#rowConfirmed = this.#rowLength = 0;
  }

  #forget(): void {
    this.#endRow();
    this.#window.clear();
  }
}
