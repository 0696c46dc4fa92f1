import type { Socket } from "node:net";
import { bytesUnderWay } from "../net/under-way.ts";

/**
 * Whether a peer takes any of what waits for it. A socket tells that much too seldom: the kernel asks for more only when
 * a third of its own queue, of up to some MiB, was acknowledged, which at 10 KB/s takes minutes. So the bytes that are
 * under way are looked at as well.
 */
export class Uptake {
  readonly #socket: Socket;
  /** Bytes that the peer had coming at the last look. */
  #left: number | undefined;
  #looking = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Tells `judge` whether the peer has taken something since the last look was over; the first look says yes, as it is only
   * there to be compared with. One look at a time: another call during it is none.
   */
  async look(judge: (takesSome: boolean) => void): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const underWay = await bytesUnderWay(this.#socket) ?? 0;
    this.#looking = false;
    const before = this.#left;
    this.#left = this.#socket.writableLength + underWay;
    judge(this.#left !== before);
  }
}
