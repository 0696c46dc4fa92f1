import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import { eventually } from "./eventually.ts";

/** A span as a collector got it. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly flags: number;
  readonly name: string;
  /** 2 is the request, 3 an attempt. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly status: { readonly code?: number; readonly message?: string };
}

type Value = { readonly stringValue: string } | { readonly intValue: string };
type Attributes = readonly { readonly key: string; readonly value: Value }[];

/** A collector that takes OTLP over HTTP, as JSON; it is closed when the test is over. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** What each export said of itself, and what had made its spans. */
  readonly exports: { path: string; headers: IncomingHttpHeaders; resource: Record<string, unknown> }[] = [];
  readonly port: number;
  /** Answers an export; 200 and `{}` by default. */
  answer: (response: ServerResponse) => void = (response) => void response.end("{}");

  private constructor(port: number) {
    this.port = port;
  }

  static async open(t: TestContext, port = 0): Promise<Collector> {
    const sockets = new Set<Socket>();
    const server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8");
      request.on("data", (piece: string) => text += piece);
      request.on("end", () => {
        collector.#take(text, { path: request.url!, headers: request.headers });
        collector.answer(response);
      });
    });
    server.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const collector = new Collector((server.address() as AddressInfo).port);
    return collector;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Waits for `count` spans; those that began first come first, a request before its attempts. */
  async until(count: number): Promise<CollectedSpan[]> {
    await eventually(`${count} spans`, () => this.spans.length >= count);
    return [...this.spans].sort((a, b) =>
      Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano) || a.kind - b.kind
    );
  }

  #take(text: string, said: { path: string; headers: IncomingHttpHeaders }): void {
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: {
        resource: { attributes: Attributes };
        scopeSpans: { spans: (Omit<CollectedSpan, "attributes"> & { attributes: Attributes })[] }[];
      }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      this.exports.push({ ...said, resource: toRecord(resource.attributes) });
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({ ...span, attributes: toRecord(span.attributes) });
      }
    }
  }
}

function toRecord(attributes: Attributes): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      "stringValue" in value ? value.stringValue : Number(value.intValue),
    ]),
  );
}
