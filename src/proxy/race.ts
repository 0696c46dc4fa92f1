import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import { includesStatus } from "../config/values/statuses.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { Outgoing } from "./outgoing.ts";
import { claimBeside } from "./repeat.ts";

const OUTRUN = new ProxyError("client_closed", "Another server answered first");

/** What an attempt of a race is made with. */
export interface RaceParts {
  /** One that hedges. */
  readonly backend: Backend;
  readonly request: IncomingRequest;
  readonly outgoing: Outgoing;
  /** Servers that the request was sent to before. */
  readonly tried: ReadonlySet<Server> | undefined;
  readonly owner: AttemptOwner;
}

/**
 * An attempt beside which another server is asked as well where the answer takes long: of the two the first good one
 * counts, and the other attempt is given up. Their owner hears of both. Owns the timer until then.
 */
export class Race {
  readonly #first: Attempt;
  readonly #parts: RaceParts;
  readonly #begunAt = TICK.now();
  #second: Attempt | undefined;
  readonly #underWay = new Set<Attempt>();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** `first` is about to begin. */
  constructor(first: Attempt, parts: RaceParts) {
    this.#first = first;
    this.#parts = parts;
    this.#underWay.add(first);
    const ms = parts.backend.hedgeDelay!.ms(this.#begunAt);
    this.#timer = ms === undefined ? undefined : setTimeout(() => this.#hedge(), Math.ceil(ms));
  }

  /** Whether a second attempt was made. */
  get hedged(): boolean {
    return this.#second !== undefined;
  }

  /** `attempt` is over, or has its answer: none is made beside it. Returns the one that is under way. */
  leave(attempt: Attempt): Attempt | undefined {
    clearTimeout(this.#timer);
    this.#underWay.delete(attempt);
    const [other] = this.#underWay;
    return other;
  }

  /** Whether the answer of `attempt` does not count while another one may still come. */
  isBad({ answer }: Attempt): boolean {
    const { status } = answer!.head;
    return status >= 500 || includesStatus(this.#parts.backend.config.retries.statuses, status);
  }

  /**
   * The answer of `winner` counts; the `other` attempt, where one is under way, is given up. So long the first one took, at
   * least.
   */
  won(winner: Attempt, other: Attempt | undefined): void {
    const { backend } = this.#parts;
    const { exchange } = winner;
    if (!this.isBad(winner)) {
      if (winner === this.#second) winner.server.record.hedgesWon++;
      const now = TICK.now();
      backend.hedgeDelay!.observe(now - this.#begunAt, now);
    }
    if (other === undefined) return;
    exchange.noteBeside(other.server.name, "outrun");
    other.giveUp(OUTRUN);
    if (other === this.#first) this.#isOutrun(other, winner);
    this.#isTold(winner);
    if (!winner.ended) exchange.underWay = winner;
  }

  /**
   * Nothing is held against a server that is slower than another one, but that it hangs: it has answered nothing at all for
   * as long as a request would have waited for it. The winner is the proof that it was not the request.
   */
  #isOutrun({ server, sentAt, exchange: { client } }: Attempt, winner: Attempt): void {
    const { backend, outgoing } = this.#parts;
    const ms = outgoing.responseMs ?? backend.config.timeouts.response;
    if (sentAt === 0 || ms === 0) return;
    const { answers, silence } = server.record;
    if (silence.outrun(answers.reduce((sum, count) => sum + count), TICK.now()) < ms) return;
    server.outcomes.onFailed(server, "response_timeout", client);
    server.outdone(winner.answer!.head.status, "response_timeout", client);
  }

  /** The attempt on `server` brought nothing; the `other` one may. */
  goOnWith(other: Attempt, server: Server, outcome: string): void {
    const { exchange } = other;
    exchange.noteBeside(server.name, outcome);
    exchange.headAt = 0;
    exchange.underWay = other;
    this.#isTold(other);
  }

  /** The first attempt is slow: another server is asked as well, if one has room. */
  #hedge(): void {
    const { backend, request, outgoing, tried, owner } = this.#parts;
    const { server: slow } = this.#first;
    const server = backend.pick(new Set(tried).add(slow), backend.hashKey?.(request));
    if (server === undefined || server.full || !backend.available.includes(server)) return;
    if (!claimBeside(request, { backend, server: slow, tried, outgoing, error: undefined })) return;
    server.record.hedges++;
    this.#second = new Attempt(server, request, outgoing, owner);
    this.#underWay.add(this.#second);
    this.#second.begin(false, "second");
  }

  /** The log tells of `attempt` alone. The proxy's own time ended when the first of the two was sent. */
  #isTold({ exchange, server, sentAt }: Attempt): void {
    exchange.server = server.name;
    exchange.lastServer = server.record;
    exchange.sentAt = this.#first.sentAt || sentAt;
  }
}

/** Whether a second attempt harms nobody: a request that is safe (RFC 9110 §9.2.1) and has neither body nor tunnel. */
export function mayRace({ method, body, upgrade }: Outgoing): boolean {
  return (method === "GET" || method === "HEAD") && body === null && upgrade === undefined;
}
