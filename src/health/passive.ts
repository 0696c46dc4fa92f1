import { networkOf } from "../http/ip.ts";
import { FailureWindow, type ShareRules } from "./failure-window.ts";
import { PROOFS, Proofs } from "./proofs.ts";
import { RecentNetworks } from "./recent-networks.ts";

/** When failing requests take a server out. Times in ms. */
export interface EjectionRules extends ShareRules {
  readonly enabled: boolean;
  /** Failures in a row that eject a server. */
  readonly failures: number;
  /** Time of the first ejection; the n-th in a row lasts n times as long. */
  readonly time: number;
  readonly maxTime: number;
}

export interface Failure {
  /** On the clock of the owner. */
  readonly now: number;
  readonly refused?: boolean;
  /** Address of the client, whose request may be to blame; undefined where nothing of it was sent. */
  readonly client?: string | undefined;
}

/** What is enough for an ejection: a refused connection, a row of failures, or their share. */
export type EjectionCause = "refused" | "row" | "share";

/** Proofs that are asked for at a time. */
const MAX_ASKING = 3;

/**
 * Judges one server by its requests. A row of failures, or a large share of them, makes the server suspect. A failure is
 * proven when another server answers the same request, or when no client has to do with it: then the server is to blame,
 * not the request. A suspect is to be ejected when some of its failures are proven (`Proofs` says how many, and whose), or
 * when they come from very many clients. A refused connection ejects at once. A server that comes back only to fail again
 * stays out for longer each time. An answer below 500 ends the row. Pure: the owner tells the time, and whether an ejection
 * is allowed.
 */
export class PassiveHealth {
  readonly #rules: EjectionRules;
  /** Failures in a row, and which of them are proven. */
  #row = 0;
  readonly #rowProofs = new Proofs();
  readonly #window = new FailureWindow();
  /** Who was answered well last. */
  readonly #recent = new RecentNetworks();
  /** Number of coming failures that are not asked of another server, and of those that are being asked. */
  #unasked = 0;
  #asking = 0;
  #ejections = 0;
  #ejectedUntil = 0;
  #ejectedFor: EjectionCause | undefined;
  #answersAgain = false;

  /** `before`: what is known of the server from a config before. */
  constructor(rules: EjectionRules, before?: PassiveHealth) {
    this.#rules = rules;
    if (before === undefined || !rules.enabled) return;
    this.#row = before.#row;
    this.#rowProofs.takeOver(before.#rowProofs);
    this.#window.takeOver(before.#window);
    this.#recent.takeOver(before.#recent);
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

  isEjected(now: number): boolean {
    return now < this.#ejectedUntil;
  }

  /** Requests of late, and how many of them failed. */
  tally(now: number): { requests: number; failures: number } {
    return this.#window.tally({ now, window: this.#rules.window });
  }

  /** A request of `client` was answered well, at `now`. */
  passed(client: string, now: number): void {
    this.#window.passed(client, this.#rules);
    this.#recent.add(client, now);
    if (this.#row > 0) this.#endRow();
    if (this.#ejectedUntil > 0) this.#answersAgain = true;
    else if (this.#ejections > 0 && this.#isSound) this.#ejections = 0;
  }

  /** A request failed on the server's side; returns what of it is enough for an ejection. */
  failed({ now, refused = false, client }: Failure): EjectionCause | undefined {
    this.#answersAgain = false;
    if (!this.#rules.enabled) return undefined;
    this.#window.failed(client, now, this.#rules);
    this.#row++;
    if (this.#unasked > 0) this.#unasked--;
    if (refused) return "refused";
    return client === undefined ? this.proven(now, undefined) : this.#verdict(now);
  }

  /** Failures since the last request that was answered well. */
  get failuresInARow(): number {
    return this.#row;
  }

  /** Whether so many failed in a row that the server is suspect. */
  get failsInARow(): boolean {
    return this.#rules.enabled && this.#row >= this.#rules.failures;
  }

  /** Whether what fails now for `client` should be asked of another server, to see which of both is to blame. */
  wantsProof(now: number, client: string): boolean {
    const { enabled, failures, window } = this.#rules;
    if (!enabled || this.#unasked > 0 || this.#asking >= MAX_ASKING) return false;
    const inARow = this.#row + 1 >= failures;
    if (!inARow && !this.#window.exceeds(this.#rules, now)) return false;
    const proofs = inARow ? this.#rowProofs : this.#window.proofs;
    return !proofs.isHeard(networkOf(client), this.#recent, now - window);
  }

  /**
   * Another server is being asked, until `asked`. Until one of them answers well, only some failures are asked of another,
   * as each costs a request. Which ones is drawn by `random`, from 0 up to 1: a client whose requests fail everywhere must
   * not be able to use up all the proofs.
   */
  asksForProof(random: number): void {
    this.#asking++;
    this.#unasked = Math.floor(random * 4 * this.#rules.failures);
  }

  /** Another server was asked, whatever came of it. */
  asked(): void {
    this.#asking--;
  }

  /**
   * Another server answered what has failed here for `client`, undefined where none has to do with it; returns what is
   * enough for an ejection.
   */
  proven(now: number, client: string | undefined): EjectionCause | undefined {
    if (!this.#rules.enabled) return undefined;
    this.#unasked = 0;
    const network = client === undefined ? undefined : networkOf(client);
    this.#window.proofs.add(network);
    if (this.#row > 0) this.#rowProofs.add(network);
    return this.#verdict(now);
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
  readmit(now: number): void {
    this.#recent.refresh(now);
    this.#ejectedUntil = 0;
    this.#answersAgain = false;
    this.#forget();
  }

  /** Whether what has come since the last ejection shows that it is over: one answer, or as many as make a share. */
  get #isSound(): boolean {
    return this.#ejectedFor !== "share" || this.#window.passes >= this.#rules.minRequests;
  }

  #verdict(now: number): EjectionCause | undefined {
    const { failures, window } = this.#rules;
    const many = this.#window.isOfMany(this.#rules);
    const proven = (proofs: Proofs, wanted: number) => proofs.suffice(wanted, this.#recent, now - window);
    if (this.#row >= failures && (many || proven(this.#rowProofs, Math.min(PROOFS, failures)))) return "row";
    if (!many && !proven(this.#window.proofs, PROOFS)) return undefined;
    return this.#window.exceeds(this.#rules, now) ? "share" : undefined;
  }

  #endRow(): void {
    this.#row = 0;
    this.#rowProofs.clear();
  }

  #forget(): void {
    this.#endRow();
    this.#unasked = 0;
    this.#window.clear();
  }
}
