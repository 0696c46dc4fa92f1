import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { FrameTracker } from "../http/websocket-frames.ts";
import { MAX_WAITING_PIECES } from "../net/read-ahead.ts";
import { isReleasable, releaseMemory } from "../net/release.ts";
import { sendClose } from "./websocket-close.ts";

const NOTHING = new Uint8Array(0);

/** What the owner of a flow learns. */
export interface FlowEvents {
  /** Bytes moved, or the source has finished sending. */
  onMoved(): void;
  /** Something came that is not passed on, because the flow has left. */
  onDropped(): void;
  onBroken(flow: Flow): void;
  onClosed(flow: Flow): void;
}

/** What a flow depends on besides its two ends. */
export interface FlowParts {
  /** Follows the frames, where it is a WebSocket. */
  readonly tracker: FrameTracker | undefined;
  /** Whether frames must be masked: toward a server. */
  readonly masks: boolean;
  readonly events: FlowEvents;
}

/** One direction of a tunnel: the bytes of one connection, untouched, to another, as fast as that takes them. */
export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #parts: FlowParts;
  bytes = 0;
  ended = false;
  /** Whether our Close frame was sent: nothing is passed on any more. */
  left = false;
  #leaving = false;
  /** Pieces passed on since the target last had nothing to send. */
  #waiting = 0;

  constructor(from: Socket, to: Socket, parts: FlowParts) {
    this.#from = from;
    this.#to = to;
    this.#parts = parts;
  }

  /** Whether a Close frame of the source went by. */
  get closed(): boolean {
    return this.#parts.tracker?.closed === true;
  }

  /** Whether the source ended in the middle of a frame. */
  get endedInFrame(): boolean {
    return this.ended && this.#parts.tracker?.atBoundary === false;
  }

  /** Passes `early` on, then what the source sends. */
  start(early: Uint8Array): void {
    const { events } = this.#parts;
    this.#from.on("data", (chunk) => this.#take(chunk as Buffer));
    this.#from.on("end", () => this.#end());
    this.#from.on("error", () => events.onBroken(this));
    this.#from.on("close", () => events.onClosed(this));
    this.#to.on("drain", () => {
      events.onMoved();
      this.#from.resume();
    });
    if (early.length > 0) this.#take(early);
    if (this.#from.readableEnded) this.#end();
    if (!this.#to.writableNeedDrain) this.#from.resume();
  }

  /** Sends a Close frame after the frame that is under way, and nothing after it. */
  leave(): void {
    this.#leaving = true;
    if (this.#parts.tracker!.atBoundary) this.#sayGoodbye();
  }

  /** Sends nothing more. */
  endTarget(): void {
    if (!this.#to.writableEnded) this.#to.end();
  }

  destroySource(): void {
    this.#from.destroy();
  }

  /** Calls `done` when everything that was passed on has left this machine's queue, which may be now. */
  whenDelivered(done: () => void): void {
    if (this.#to.writableLength === 0 || this.#to.destroyed) done();
    else this.#to.once("finish", done);
  }

  #take(chunk: Uint8Array): void {
    this.#parts.events.onMoved();
    if (this.#leaving) return this.#takeLast(chunk);
    this.#parts.tracker?.push(chunk);
    this.#pass(chunk);
  }

  #pass(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.#to.writableLength === 0) this.#waiting = 0;
    if (++this.#waiting >= MAX_WAITING_PIECES) return this.#passLast(chunk);
    if (!this.#to.write(chunk)) this.#from.pause();
    if (!isReleasable(chunk)) return;
    // A socket that holds nothing back has passed all of it on to the system, which has its own copy.
    if (this.#to.writableLength === 0) releaseMemory(chunk);
    else this.#to.write(NOTHING, () => releaseMemory(chunk)); // after all that waits
  }

  /** Passes on what is the last until all that waits is out. Small pieces may be many before the target says that it is full. */
  #passLast(chunk: Uint8Array): void {
    this.#from.pause();
    this.#to.write(chunk, () => {
      if (isReleasable(chunk)) releaseMemory(chunk);
      if (!this.#to.writableNeedDrain) this.#from.resume();
    });
  }

  /** Passes the rest of a frame on; what comes after it is only looked at for the answer to our Close. */
  #takeLast(chunk: Uint8Array): void {
    const tracker = this.#parts.tracker!;
    let rest = chunk;
    if (!this.left) {
      const length = tracker.pushToBoundary(chunk);
      if (length === undefined) return this.#pass(chunk);
      rest = chunk.subarray(length); // before its memory may be given back
      if (length > 0) this.#pass(chunk.subarray(0, length));
      this.#sayGoodbye();
    }
    tracker.push(rest);
    this.#parts.events.onDropped();
  }

  #sayGoodbye(): void {
    this.left = true;
    this.#from.resume(); // to hear the answer; nothing of it is kept
    // The frame that was under way may have been a Close itself: after one there is none (RFC 6455 §5.5.1).
    if (this.closed || !this.#to.writable) return;
    sendClose(this.#to, this.#parts.masks);
  }

  #end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#parts.events.onMoved();
    this.#to.end();
  }
}
