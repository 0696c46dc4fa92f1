import type { Socket } from "node:net";
import type { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { reasonPhrase } from "../http/status.ts";
import { informationalHead } from "../http1/encode.ts";
import type { BodySource } from "../message/body.ts";
import type { Exchange } from "../message/exchange.ts";
import { MessageWriter, type WriterEvents } from "../wire/message-writer.ts";
import { type AnsweredRequest, beginAnswer, type BegunAnswer } from "./answer.ts";
import type { Reception } from "./reception.ts";

/** The writing half of a client's connection: one answer after another, and interim ones in front of each. */
export class AnswerFlow {
  readonly writer: MessageWriter;
  /** The body of the answer, while it flows. */
  #body: BodySource | undefined;

  constructor(socket: Socket, events: WriterEvents) {
    this.writer = new MessageWriter(socket, events);
  }

  /** Sends an interim answer. */
  inform(status: number, reason: string, fields: Fields | undefined): void {
    this.writer.sendHead(informationalHead(status, reason || reasonPhrase(status), fields));
  }

  /** Writes the head of `response`, which goes out with the first of its body: see `start`. */
  begin(response: Response, request: AnsweredRequest): BegunAnswer {
    return beginAnswer(this.writer, response, request);
  }

  /** Lets the body of the answer flow. Where there is none, or it is here already, the answer is out at once. */
  start(source: BodySource | null): void {
    if (source === null) return this.writer.end(undefined);
    this.#body = source;
    source.start(this.writer);
    if (this.writer.open) this.writer.flush();
  }

  /** The socket takes bytes again. */
  resume(): void {
    this.#body?.resume();
  }

  /** The exchange is over, or was given up because of `error`: whoever serves it learns what became of it. */
  finish(exchange: Exchange, reception: Reception, error?: ProxyError): void {
    const body = this.#body;
    this.#body = undefined;
    if (error !== undefined) body?.cancel(error);
    exchange.bytesOut = this.writer.bodyBytes;
    exchange.end();
    reception.onExchange(exchange);
  }
}
