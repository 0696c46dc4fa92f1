/** Opcode of a Close frame (RFC 6455 §11.8). */
const OPCODE_CLOSE = 0x8;

/** Close code of an end that is "going away" (RFC 6455 §7.4.1). */
export const GOING_AWAY = 1001;

/** What the next byte belongs to: the two that every header has, a longer length, or what is only counted. */
const OPCODE = 0;
const LENGTH = 1;
const EXTENDED = 2;
const REST = 3;

/**
 * Follows one direction of a WebSocket from frame to frame (RFC 6455 §5.2) without looking into the payload, to know
 * where something can be said in between. Between two frames a control frame may always stand, also where the
 * message that they are parts of is not complete (§5.4). Keeps no bytes: a chunk costs the headers that begin in it.
 */
export class FrameTracker {
  #next = OPCODE;
  /** Bytes of the extended length that are still to come. */
  #lengthBytes = 0;
  /** Length of the frame's payload, as far as it was read. */
  #length = 0;
  /** Bytes of the masking key. */
  #maskBytes = 0;
  /** Bytes of the frame that are still to come, once its length is known. */
  #left = 0;
  #isClose = false;
  #closed = false;

  /** Whether the next byte begins a frame. */
  get atBoundary(): boolean {
    return this.#next === OPCODE;
  }

  /** Whether a whole Close frame went by: no other frame follows it (RFC 6455 §5.5.1). */
  get closed(): boolean {
    return this.#closed;
  }

  /** Follows the stream through `chunk`. */
  push(chunk: Uint8Array): void {
    if (this.#next === REST && this.#left > chunk.length) this.#left -= chunk.length;
    else this.#follow(chunk, false);
  }

  /**
   * Follows the stream to the first place in `chunk` that is no part of a frame, and returns how many bytes stand
   * before it; undefined where there is no such place.
   */
  pushToBoundary(chunk: Uint8Array): number | undefined {
    if (this.atBoundary) return 0;
    return this.#follow(chunk, true);
  }

  #follow(chunk: Uint8Array, stops: boolean): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#next === REST) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left > 0) return undefined;
        this.#end();
      } else this.#readHeader(chunk[at++]!);
      if (stops && this.atBoundary) return at;
    }
    return undefined;
  }

  #readHeader(byte: number): void {
    if (this.#next === OPCODE) {
      this.#isClose = (byte & 0x0f) === OPCODE_CLOSE;
      this.#next = LENGTH;
      return;
    }
    if (this.#next === LENGTH) {
      this.#maskBytes = (byte & 0x80) === 0 ? 0 : 4;
      this.#length = byte & 0x7f;
      this.#lengthBytes = this.#length === 127 ? 8 : this.#length === 126 ? 2 : 0;
      if (this.#lengthBytes > 0) this.#length = 0;
      this.#next = EXTENDED;
    } else {
      this.#length = this.#length * 256 + byte;
      this.#lengthBytes--;
    }
    if (this.#lengthBytes > 0) return;
    this.#left = this.#maskBytes + this.#length;
    this.#next = REST;
    if (this.#left === 0) this.#end();
  }

  #end(): void {
    this.#next = OPCODE;
    if (this.#isClose) this.#closed = true;
  }
}

/**
 * A Close frame with `code` and no reason. Toward a server it must be masked, with a key of four random bytes (RFC 6455
 * §5.3); toward a client it must not be.
 */
export function closeFrame(code: number, mask?: Uint8Array): Uint8Array {
  const payload = [code >> 8, code & 0xff];
  if (mask === undefined) return Uint8Array.of(0x80 | OPCODE_CLOSE, payload.length, ...payload);
  const masked = payload.map((byte, i) => byte ^ mask[i]!);
  return Uint8Array.of(0x80 | OPCODE_CLOSE, 0x80 | payload.length, ...mask, ...masked);
}

/** Whether a 101 with these values of `Upgrade` opens a WebSocket (RFC 6455 §4.2.2). */
export function isWebSocket(upgrade: string | undefined): boolean {
  return upgrade?.toLowerCase() === "websocket";
}
