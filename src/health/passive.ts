/** When failing requests take a server out. Times in ms. */
export interface EjectionRules {
  readonly enabled: boolean;
  /** Failures in a row that eject a server. */
  readonly failures: number;
  /** Time of the first ejection; the n-th in a row lasts n times as long. */
  readonly time: number;
  readonly maxTime: number;
}

/**
 * What the requests of one server say about it: a number of failures in a row is enough to eject it, a refused
 * connection at once; each time that it comes back only to fail again it stays out for longer. An answer below 500
 * ends the row. Pure: the owner tells the time, and whether an ejection is allowed.
 */
export class PassiveHealth {
  readonly #rules: EjectionRules;
  #failures = 0;
  #ejections = 0;
  #ejectedUntil = 0;

  /** `before`: what is known of the server from a config before. */
  constructor(rules: EjectionRules, before?: PassiveHealth) {
    this.#rules = rules;
    if (before === undefined || !rules.enabled) return;
    this.#failures = before.#failures;
    this.#ejections = before.#ejections;
    this.#ejectedUntil = before.#ejectedUntil;
  }

  /** When the ejection ends, on the owner's clock; 0 where there was none. */
  get ejectedUntil(): number {
    return this.#ejectedUntil;
  }

  /** Whether the server is out at `now`. */
  isEjected(now: number): boolean {
    return now < this.#ejectedUntil;
  }

  /** A request was answered well. */
  passed(): void {
    this.#failures = 0;
    this.#ejections = 0;
  }

  /** A request failed on the server's side; returns whether that is enough for an ejection. */
  failed(refused: boolean): boolean {
    if (!this.#rules.enabled) return false;
    this.#failures = refused ? this.#rules.failures : this.#failures + 1;
    return this.#failures >= this.#rules.failures;
  }

  /** Ejects the server; returns for how long. */
  eject(now: number): number {
    this.#failures = 0;
    this.#ejections++;
    const ms = Math.min(this.#rules.maxTime, this.#rules.time * this.#ejections);
    this.#ejectedUntil = now + ms;
    return ms;
  }

  /** Lets the server back in before its time: probes passed. */
  readmit(): void {
    this.#ejectedUntil = 0;
    this.#failures = 0;
  }
}
