import type { Socket } from "node:net";
import { Deadline } from "../base/deadline.ts";
import type { DownstreamTimeouts } from "./reception.ts";

/**
 * The last phase of a connection: what the client still sends is read and thrown away for a while. To close on unread
 * bytes resets the connection, and a reset may destroy the answer on its way to the client (RFC 9112 §9.6).
 */
export class Linger {
  readonly #timeouts: Pick<DownstreamTimeouts, "linger" | "lingerLimit">;
  readonly #deadline: Deadline;
  /** When it ends, whatever comes; undefined while some of the answer is still here. */
  #endsAt: number | undefined;

  /** Closes `socket` in the end. Nothing is timed before `begin`. */
  constructor(socket: Socket, timeouts: Pick<DownstreamTimeouts, "linger" | "lingerLimit">) {
    this.#timeouts = timeouts;
    this.#deadline = new Deadline(() => socket.destroy());
  }

  /** The answer has left this process. */
  begin(): void {
    this.#endsAt = performance.now() + this.#timeouts.lingerLimit;
    this.#prolong(this.#endsAt);
  }

  /** Something came and was thrown away: a client that still sends has not read its answer. */
  discarded(): void {
    if (this.#endsAt !== undefined && this.#timeouts.linger > 0) this.#prolong(this.#endsAt);
  }

  dispose(): void {
    this.#deadline.dispose();
  }

  #prolong(endsAt: number): void {
    this.#deadline.set(Math.max(1, Math.min(this.#timeouts.linger, endsAt - performance.now())));
  }
}
