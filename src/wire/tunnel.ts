import type { Socket } from "node:net";
import { Deadline } from "../base/deadline.ts";
import { FrameTracker } from "../http/websocket-frames.ts";
import type { OpenTunnel, TunnelledBytes } from "../message/tunnel.ts";
import { Flow } from "./flow.ts";

/** Time that the other direction may go on after one side has finished sending. */
const HALF_CLOSED_MS = 60_000;

/** One end of a tunnel and the bytes of it that were read already. */
export interface TunnelEnd {
  readonly socket: Socket;
  readonly early: Uint8Array;
}

/** Bytes that went through, early ones included. */
export interface TunnelBytes {
  /** From the first end to the second. */
  readonly forth: number;
  /** From the second end to the first. */
  readonly back: number;
}

/**
 * How a tunnel ended: both ends were `done`, it was `idle`, one end `broke` it (by an error, or in the middle of a
 * frame), or it was ended from here (`left`).
 */
export type TunnelEnding = "done" | "idle" | "first_broke" | "second_broke" | "left";

/** What a tunnel depends on besides its ends. */
export interface TunnelOptions {
  /** Silence in both directions that ends it, in ms; 0: no limit. */
  readonly idleMs: number;
  /** Whether the ends speak WebSocket, the first as the client. */
  readonly websocket: boolean;
  /** Called once. */
  readonly onDone: (bytes: TunnelBytes, ending: TunnelEnding) => void;
}

/**
 * Joins two connections byte for byte until both directions are done, either breaks, or nothing flows in either
 * for `idleMs`. One clock serves both directions, so a stream that only the server feeds is not idle. Takes both
 * sockets over and destroys them.
 */
export function joinTunnel(first: TunnelEnd, second: TunnelEnd, options: TunnelOptions): OpenTunnel {
  return new Tunnel(first, second, options);
}

class Tunnel implements OpenTunnel {
  readonly #options: TunnelOptions;
  readonly #deadline = new Deadline(() => this.#finish(this.#leaving ? "left" : "idle"));
  readonly #forth: Flow;
  readonly #back: Flow;
  #leaving = false;
  #over = false;

  constructor(first: TunnelEnd, second: TunnelEnd, options: TunnelOptions) {
    this.#options = options;
    const tracker = () => options.websocket ? new FrameTracker() : undefined;
    this.#forth = new Flow(first.socket, second.socket, { tracker: tracker(), masks: true, events: this });
    this.#back = new Flow(second.socket, first.socket, { tracker: tracker(), masks: false, events: this });
    this.onMoved();
    this.#forth.start(first.early);
    this.#back.start(second.early);
    // Not from here: whoever opens it does not have it yet.
    if (first.socket.destroyed || second.socket.destroyed) queueMicrotask(() => this.#finish("done"));
  }

  get bytes(): TunnelledBytes {
    return { fromClient: this.#forth.bytes, toClient: this.#back.bytes };
  }

  goAway(ms: number): boolean {
    if (!this.#options.websocket) return false;
    if (this.#over || this.#leaving) return true;
    this.#leaving = true;
    this.#deadline.set(Math.max(1, ms));
    // Where one end has said Close, the other is about to answer: nothing is to be put between.
    if (this.#forth.closed || this.#back.closed) return true;
    this.#forth.leave();
    this.#back.leave();
    return true;
  }

  cut(): void {
    this.#finish("left");
  }

  /** For the flows: bytes moved, or one of them is over. */
  onMoved(): void {
    if (this.#leaving) return;
    const { idleMs } = this.#options;
    const halfClosed = this.#forth.ended || this.#back.ended;
    this.#deadline.set(halfClosed ? Math.min(idleMs || HALF_CLOSED_MS, HALF_CLOSED_MS) : idleMs);
  }

  /** For the flows: while it leaves, a frame came that is not passed on. */
  onDropped(): void {
    if (!this.#forth.left || !this.#back.left) return;
    if (this.#forth.closed && this.#back.closed) this.#finish("left");
    // RFC 6455 §7.1.1: it is the server, and so toward the client the proxy, that closes the connection.
    else if (this.#forth.closed) this.#back.endTarget();
  }

  onBroken(flow: Flow): void {
    this.#finish(this.#blame(flow));
  }

  /** For the flows: the connection that one of them came from is closed. */
  onClosed(flow: Flow): void {
    if (!flow.ended) this.#finish(this.#blame(flow));
    // What came before the end may still be on its way to the other side.
    else flow.whenDelivered(() => this.#finish(this.#leaving ? "left" : "done"));
  }

  /** How it ended, if it did because of where `flow` comes from. */
  #blame(flow: Flow): TunnelEnding {
    if (this.#leaving) return "left";
    if (this.#forth.closed && this.#back.closed) return "done";
    return flow === this.#forth ? "first_broke" : "second_broke";
  }

  #finish(ending: TunnelEnding): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.dispose();
    this.#forth.destroySource();
    this.#back.destroySource();
    const cutShort = [this.#forth, this.#back].find((flow) => flow.endedInFrame);
    this.#options.onDone(
      { forth: this.#forth.bytes, back: this.#back.bytes },
      ending === "done" && cutShort !== undefined ? this.#blame(cutShort) : ending,
    );
  }
}
