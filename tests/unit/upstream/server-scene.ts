import { Buffer } from "node:buffer";
import type { TestContext } from "node:test";
import type { ProxyError } from "../../../src/base/errors.ts";
import type { Fields } from "../../../src/http/fields.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { UpstreamConnection } from "../../../src/upstream/connection.ts";
import type { Answer, OutgoingRequest, UpstreamTimeouts } from "../../../src/upstream/contract.ts";
import { Clock, settle } from "../../support/clock.ts";
import { DrivenSocket } from "../../support/driven-socket.ts";

/** Times that differ from each other, so that a test sees which of them ran out. */
const TIMEOUTS: UpstreamTimeouts = { response: 10_000, idle: 20_000, keepAlive: 30_000 };

/** A request's body whose pieces come when the test says. */
export class Upload implements BodySource {
  readonly length: number | undefined;
  sink: BodySink | undefined;
  resumed = 0;
  cancelled: ProxyError | undefined;

  constructor(length?: number) {
    this.length = length;
  }

  start(sink: BodySink): void {
    this.sink = sink;
  }

  resume(): void {
    this.resumed++;
  }

  cancel(reason: ProxyError): void {
    this.cancelled = reason;
  }

  /** Brings a piece. Returns whether there is room for more. */
  write(text: string): boolean {
    this.sink!.write(Buffer.from(text, "latin1"));
    return this.sink!.flush();
  }

  end(): void {
    this.sink!.end(undefined);
  }
}

/** What became of a request. */
class Sent {
  answer: Answer | undefined;
  /** Kind of the error for which there was no answer. */
  rejected: string | undefined;
  error: ProxyError | undefined;
  /** What `onDone` was called with: `ok`, or the kind of an error. */
  readonly done: string[] = [];
  readonly interim: number[] = [];
  /** The body of the answer, as far as it came. */
  text = "";
  bodyEnd: string | undefined;
  trailers: Fields | undefined;

  get status(): number | undefined {
    return this.answer?.head.status;
  }

  /** Takes the body of the answer, as long as there is `room`. */
  read(room: () => boolean = () => true): void {
    this.answer!.body!.start({
      write: (chunk) => {
        this.text += Buffer.from(chunk).toString("latin1");
        return room();
      },
      flush: room,
      end: (trailers) => {
        this.bodyEnd = "ok";
        this.trailers = trailers;
      },
      fail: (error) => this.bodyEnd = error.kind,
    });
  }
}

/** A connection to a server whose socket and clock the test drives. */
export class ServerScene {
  readonly clock: Clock;
  readonly socket = new DrivenSocket();
  readonly connection: UpstreamConnection;
  /** What its owner has heard: `idle`, `left`, `gone`. */
  readonly heard: string[] = [];

  constructor(t: TestContext, timeouts: Partial<UpstreamTimeouts> = {}) {
    this.clock = new Clock(t);
    this.connection = new UpstreamConnection(
      this.socket.socket,
      { ...TIMEOUTS, ...timeouts },
      DEFAULT_LIMITS,
      {
        onIdle: () => this.heard.push("idle"),
        onLeft: () => this.heard.push("left"),
        onGone: () => this.heard.push("gone"),
      },
    );
  }

  /** Sends a GET, or with `body` a POST. */
  async send(body: Upload | null = null, changes: Partial<OutgoingRequest> = {}): Promise<Sent> {
    const sent = new Sent();
    const method = body === null ? "GET" : "POST";
    this.connection.send({
      method,
      head: `${method} / HTTP/1.1\r\n\r\n`,
      body,
      chunked: body !== null && body.length === undefined,
      upgrade: undefined,
      onInformational: ({ status }) => sent.interim.push(status),
      onAnswer: (answer) => {
        sent.answer = answer;
      },
      onFailed: (error) => {
        sent.rejected = error.kind;
        sent.error = error;
      },
      onDone: (error) => sent.done.push(error?.kind ?? "ok"),
      ...changes,
    });
    await settle();
    return sent;
  }

  /** The server sends `text`. */
  async receive(text: string): Promise<void> {
    this.socket.receive(text);
    await settle();
  }

  /** The server finishes sending. */
  async receiveEnd(): Promise<void> {
    this.socket.receiveEnd();
    await settle();
  }
}

/** An answer with a Content-Length. */
export function ok(body = "", ...lines: string[]): string {
  return answer(200, body, ...lines);
}

/** An answer of `status` with a Content-Length. */
export function answer(status: number, body = "", ...lines: string[]): string {
  return [`HTTP/1.1 ${status} Said`, ...lines, `Content-Length: ${body.length}`, "", body].join("\r\n");
}
