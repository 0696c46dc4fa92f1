import { Buffer } from "node:buffer";
import type { TestContext } from "node:test";
import type { ProxyError } from "../../../src/base/errors.ts";
import type { DownstreamTimeouts, Reception } from "../../../src/downstream/reception.ts";
import { Clients } from "../../../src/downstream/clients.ts";
import { Fields } from "../../../src/http/fields.ts";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import { BytesSource } from "../../../src/message/body-bytes.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import type { Exchange } from "../../../src/message/exchange.ts";
import { answerFrom } from "../../../src/message/answer-taker.ts";
import type { IncomingRequest } from "../../../src/message/incoming-request.ts";
import { asResponse, ForwardedResponse } from "../../../src/message/forwarded-response.ts";
import type { UpstreamTunnel } from "../../../src/message/tunnel.ts";
import { Clock, settle } from "../../support/clock.ts";
import { DrivenSocket } from "../../support/driven-socket.ts";

/** Times that differ from each other, so that a test sees which of them ran out. */
const TIMEOUTS: DownstreamTimeouts = {
  requestHeaders: 10_000,
  bodyIdle: 20_000,
  bodyRate: 0,
  writeIdle: 30_000,
  keepAlive: 5000,
  linger: 2000,
  lingerLimit: 6000,
};

/** A request that waits for its answer. */
export interface Asked {
  readonly request: IncomingRequest;
  readonly exchange: Exchange;
  /** Answers with `text`, or as an app would. */
  answer(answer: string | Response): Promise<void>;
  /** Answers with a body that goes on as the test says. */
  begin(length?: number): Promise<DrivenBody>;
  /** Answers with the 101 that opens a tunnel. */
  open(tunnel: UpstreamTunnel): Promise<void>;
  /** Cannot be answered. */
  reject(error: Error): Promise<void>;
  /** Takes the body of the request. */
  take(room?: () => boolean): Taken;
}

/** What came of a request's body. */
export interface Taken {
  readonly source: BodySource;
  text: string;
  ended: boolean;
  error: ProxyError | undefined;
}

/** What a test changes of how connections are served. */
export interface ClientSceneOptions {
  readonly timeouts?: Partial<DownstreamTimeouts>;
  readonly halfClose?: "answer" | "abort";
  readonly graceMs?: number;
  readonly maxConnections?: number;
  readonly maxConnectionsPerClient?: number;
  readonly bodySize?: number;
}

/** A body whose pieces come when the test says. */
class DrivenBody implements BodySource {
  readonly length: number | undefined;
  sink: BodySink | undefined;
  resumed = 0;
  cancelled: ProxyError | undefined;

  constructor(length: number | undefined) {
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
}

/** Connections of clients whose sockets, requests and clock the test drives. */
export class ClientScene {
  readonly clock: Clock;
  readonly clients: Clients;
  entrance: { reception: Reception };
  /** The requests that were asked for, in their order. */
  readonly asked: Asked[] = [];
  /** How each exchange ended: its reason, the status and the bytes of its answer. */
  readonly ended: string[] = [];
  readonly exchanges: Exchange[] = [];
  readonly refusals: string[] = [];
  begun = 0;
  /** Tunnels that are open. */
  tunnels = 0;

  constructor(t: TestContext, options: ClientSceneOptions = {}) {
    this.clock = new Clock(t);
    const {
      timeouts,
      halfClose = "answer",
      graceMs = 100,
      maxConnections = 0,
      maxConnectionsPerClient,
      bodySize,
    } = options;
    this.clients = new Clients({ maxConnections, maxConnectionsPerClient, graceMs });
    this.entrance = {
      reception: {
        limits: { ...DEFAULT_LIMITS, bodySize },
        maxConnections: 0,
        timeouts: { ...TIMEOUTS, ...timeouts },
        halfClose,
        keepsSentFields: false,
        serve: (request, taker) => answerFrom(() => this.#fetch(request), request.exchange, taker),
        failureAnswer: (error) => responseOf(error.status, error.kind),
        onRefused: (refusal) => void this.refusals.push(refusal),
        onAccepted() {},
        onTunnel: () => void this.tunnels++,
        onTunnelOver: () => void this.tunnels--,
        onBegun: () => void this.begun++,
        onExchange: (exchange) => {
          this.exchanges.push(exchange);
          this.ended.push(`${exchange.reason} ${exchange.status} ${exchange.bytesOut}`);
        },
      },
    };
  }

  /** A client connects. */
  connect(address?: string): DrivenSocket {
    const client = new DrivenSocket();
    if (address !== undefined) Object.assign(client.socket, { remoteAddress: address });
    this.clients.accept(client.socket, this.entrance);
    return client;
  }

  /** A client connects and sends `text`; what is to be done without a timer is done. */
  async client(text: string): Promise<DrivenSocket> {
    const client = this.connect();
    client.receive(text);
    await settle();
    return client;
  }

  /** Drains; `cut` is the number of connections of which something was cut, once it is over. */
  drain(ms: number): { readonly cut: number | undefined } {
    const drain: { cut: number | undefined } = { cut: undefined };
    this.clients.drain(ms).then((cut) => drain.cut = cut);
    return drain;
  }

  #fetch(request: IncomingRequest): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const answer = async (response: Response) => {
      resolve(response);
      await settle();
    };
    this.asked.push({
      request,
      exchange: request.exchange,
      answer: (given) => answer(typeof given === "string" ? responseOf(200, given) : given),
      begin: async (length) => {
        const body = new DrivenBody(length);
        await answer(responseOf(200, body));
        return body;
      },
      open: async (tunnel) => {
        const fields = new Fields();
        fields.append("Connection", "Upgrade");
        fields.append("Upgrade", "test");
        const head = { status: 101, reason: "Switching Protocols", fields };
        await answer(asResponse(new ForwardedResponse(head, null, { tunnel })));
      },
      reject: async (error) => {
        reject(error);
        await settle();
      },
      take: (room = () => true) => takeBody(request.takeBody() as BodySource, room),
    });
    return promise;
  }
}

function responseOf(status: number, content: string | BodySource): Response {
  const body = typeof content === "string" ? new BytesSource(Buffer.from(content, "latin1")) : content;
  return asResponse(new ForwardedResponse({ status, reason: "", fields: new Fields() }, body));
}

function takeBody(source: BodySource, room: () => boolean): Taken {
  const taken: Taken = { source, text: "", ended: false, error: undefined };
  source.start({
    write(chunk) {
      taken.text += Buffer.from(chunk).toString("latin1");
      return room();
    },
    flush: room,
    end: () => void (taken.ended = true),
    fail: (error) => void (taken.error = error),
  });
  return taken;
}

/** A GET. */
export function get(path = "/", ...lines: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: a.example", ...lines, "", ""].join("\r\n");
}

/** The head of a POST whose body has `length` bytes. */
export function post(length: number, ...lines: string[]): string {
  return ["POST / HTTP/1.1", "Host: a.example", `Content-Length: ${length}`, ...lines, "", ""].join("\r\n");
}

/** The status of each answer in `text`. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
