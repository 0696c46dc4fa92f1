import { Deadline } from "../base/deadline.ts";
import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import { TICK } from "../base/tick.ts";
import type { DownstreamTimeouts } from "./reception.ts";
import { LOOK_MS } from "./sweep.ts";

/**
 * After a client finished sending, the wait before each of the interim answers that show whether it still
 * listens. A client that closed its socket and one that only finished sending look alike until something is
 * sent: the first answers with a reset, which the second write then meets. An interim answer is what may be
 * sent (RFC 9110 §15.2: a client must be able to take one at any time).
 */
const LISTENING_PROBE_MS = 250;

/** Time in which a body must bring what its rate asks for. */
const RATE_WINDOW_MS = 10_000;

/** What a client's connection waits for. */
export type Wait =
  /** For nothing that the client would have to do. */
  | "none"
  /** For the first request, since the connection was accepted. */
  | "first"
  /** For the rest of a head, since its first byte. */
  | "head"
  /** For a next request, where the sweep ends the wait: `dozing` once it has looked. Neither needs a timer. */
  | "drowsy"
  | "dozing"
  /** For a next request. */
  | "keep_alive"
  /** For the server's 100, without which the client sends no body. */
  | "continue"
  /** For more of a body that somebody wants. */
  | "body"
  /** For the client to take more of its answer. */
  | "write"
  /** For an answer, while a client that has finished sending is probed. */
  | "listening";

/** The successive waits of a client's connection, one at a time, each with its own time. */
export class Waits {
  current: Wait = "none";
  readonly #timeouts: () => DownstreamTimeouts;
  readonly #deadline: Deadline;
  readonly #onExpired: (wait: Wait) => void;
  readonly #now: () => number;
  /** The window that the rate of a body is looked at in, and what it brought. */
  #windowAt = 0;
  #windowBytes = 0;
  /** Whether the body that was waited for last came too slowly. */
  #tooSlow = false;
  /** Since when the first request is waited for; undefined once it is there. */
  #acceptedAt: number | undefined;

  /** `onExpired` is told which wait was in vain; `now` is a clock in ms. */
  constructor(
    timeouts: () => DownstreamTimeouts,
    onExpired: (wait: Wait) => void,
    now = () => TICK.now(),
  ) {
    this.#now = now;
    this.#timeouts = timeouts;
    this.#onExpired = onExpired;
    this.#deadline = new Deadline(() => onExpired(this.current));
  }

  /** Begins a wait in place of the one that runs; `elapsedMs` of it are over already. */
  begin(wait: Wait, elapsedMs = 0): void {
    if (wait === "body" && this.current !== "body") {
      this.#windowAt = this.#now();
      this.#windowBytes = 0;
      this.#tooSlow = false;
    }
    const ms = this.#msOf(wait);
    this.current = wait;
    this.#deadline.set(ms > 0 ? Math.max(1, ms - elapsedMs) : ms);
  }

  /** The first request is waited for since `at`, on the clock of `performance.now()`. The wait begins with `forRequest`. */
  sinceAccepted(at: number | undefined): void {
    this.#acceptedAt = at;
  }

  get untilFirst(): boolean {
    return this.#acceptedAt !== undefined;
  }

  /** A request came; `listening` says whether its client is to be probed. */
  requested(listening: boolean): void {
    this.#acceptedAt = undefined;
    this.begin(listening ? "listening" : "none");
  }

  /** For a request, none of which has come. */
  forRequest(): void {
    if (this.#acceptedAt !== undefined) this.#forFirst(this.#acceptedAt);
    else if (this.current === "keep_alive" || this.current === "drowsy" || this.current === "dozing") return;
    else this.begin(this.#timeouts().keepAlive > 2 * LOOK_MS ? "drowsy" : "keep_alive");
  }

  /** For the rest of a head. A byte now and then does not buy more time. */
  forHead(): void {
    if (this.#acceptedAt !== undefined) this.#forFirst(this.#acceptedAt);
    else if (this.current !== "head") this.begin("head");
  }

  #forFirst(acceptedAt: number): void {
    if (this.current !== "first") this.begin("first", this.#now() - acceptedAt);
  }

  /** A body is wanted, perhaps again: what did not come while it was not wanted is not held against the client. */
  beginBody(): void {
    this.current = "none";
    this.begin("body");
  }

  /** Some of a body came: its wait begins anew, unless it comes too slowly to go on. */
  bodyMoved(bytes: number): void {
    if (this.current === "continue") this.beginBody();
    else if (this.current !== "body") return;
    this.#windowBytes += bytes;
    const elapsed = this.#now() - this.#windowAt;
    if (elapsed >= RATE_WINDOW_MS) {
      this.#tooSlow = this.#windowBytes < this.#timeouts().bodyRate * elapsed / 1000;
      if (this.#tooSlow) return this.#onExpired("body");
      this.#windowAt += elapsed;
      this.#windowBytes = 0;
    }
    this.begin("body");
  }

  /** What of its request a client is late with, that let `wait` pass; undefined where it is not late. */
  lateness(
    wait: Wait,
    { insideHead, bodyWanted }: { readonly insideHead: boolean; readonly bodyWanted: boolean },
  ): ProxyError | undefined {
    if (wait === "head" || (wait === "first" && insideHead)) {
      return new ProxyError("request_timeout", this.fault("head"));
    }
    // A body that nobody has room for is not the client's fault; that wait is the server's.
    return wait === "body" && bodyWanted ? new ProxyError("body_timeout", this.fault("body")) : undefined;
  }

  /** What is wrong with a client for which `wait` was in vain, and the rule that says so. */
  fault(wait: "head" | "body" | "write"): string {
    const { requestHeaders, bodyIdle, bodyRate, writeIdle } = this.#timeouts();
    if (wait === "head") {
      return `The head of the request took longer than request_headers (${formatDuration(requestHeaders)})`;
    }
    if (wait === "write") {
      return `The client took nothing of the answer for write_idle (${formatDuration(writeIdle)})`;
    }
    return this.#tooSlow
      ? `The request body came slower than body_rate (${bodyRate} bytes/s)`
      : `The request body brought nothing for body_idle (${formatDuration(bodyIdle)})`;
  }

  dispose(): void {
    this.#deadline.dispose();
  }

  #msOf(wait: Wait): number {
    const { requestHeaders, bodyIdle, writeIdle, keepAlive } = this.#timeouts();
    switch (wait) {
      case "first":
      case "head":
        return requestHeaders;
      case "body":
        return bodyIdle;
      case "write":
        return writeIdle;
      case "keep_alive":
        return keepAlive;
      case "listening":
        return LISTENING_PROBE_MS;
      default:
        return 0;
    }
  }
}
