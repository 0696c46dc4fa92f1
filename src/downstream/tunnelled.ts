import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ProxyErrorKind } from "../base/errors.ts";
import type { Exchange } from "../message/exchange.ts";
import type { ForwardedResponse } from "../message/forwarded-response.ts";
import type { OpenTunnel } from "../message/tunnel.ts";
import type { MessageWriter } from "../wire/message-writer.ts";
import { OPEN_FILES } from "../net/open-files.ts";
import { switchingHead } from "./answer.ts";
import type { Reception } from "./reception.ts";

/** The client's side of a tunnel. */
export interface ClientEnd {
  readonly socket: Socket;
  readonly writer: MessageWriter;
  /** What the client sent after its request. */
  readonly early: Buffer;
  readonly reception: Reception;
}

/** An exchange that became a tunnel, which owns the client's socket from then on. */
export class Tunnelled {
  readonly #exchange: Exchange;
  readonly #open: OpenTunnel;

  /** Sends the head of the answer that opens it and joins the two connections; no listener of the client's socket stays. */
  constructor(
    exchange: Exchange,
    response: ForwardedResponse,
    { socket, writer, early, reception }: ClientEnd,
  ) {
    this.#exchange = exchange;
    exchange.tunnel = undefined;
    exchange.answered(response.status, reception.keepsSentFields ? response.takeFields() : undefined);
    writer.sendHead(switchingHead(response));
    OPEN_FILES.removeListeners(socket);
    const { kind } = response.tunnel!;
    const open = this.#open = response.tunnel!.join(socket, early, ({ fromClient, toClient }) => {
      exchange.bytesIn = fromClient;
      exchange.bytesOut = toClient;
      reception.onTunnelOver(open, kind);
      exchange.end();
      reception.onExchange(exchange);
    });
    reception.onTunnel(open, kind);
  }

  /** Ends it within `ms` in the words of its protocol; nothing happens where that is not known. */
  goAway(ms: number): void {
    this.#open.goAway(ms);
  }

  /** The connection is about to be cut. */
  abort(kind: ProxyErrorKind, message: string): void {
    this.#exchange.abort(kind, message);
  }
}
