import { createServer, type Server } from "node:http";
import { RawClient } from "../support/raw-client.ts";
import { eventually } from "../support/eventually.ts";

/** A request of a test. */
export interface Asked {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** What became of it. */
interface Answered {
  readonly status: number;
  /** As seen from the request. */
  readonly location: string | undefined;
  /** Fields of the answer that a config may set. */
  readonly fields: Readonly<Record<string, string>>;
  /** What the server saw that answered; undefined where none did. */
  readonly seen: Seen | undefined;
  /** The text of an answer that is none of a server. */
  readonly text: string | undefined;
}

/** A request as a server saw it. */
interface Seen {
  readonly server: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Servers that answer with what they saw. */
export class Servers {
  readonly ports: Readonly<Record<string, number>>;
  readonly #servers: readonly Server[];

  private constructor(ports: Readonly<Record<string, number>>, servers: readonly Server[]) {
    this.ports = ports;
    this.#servers = servers;
  }

  static async start(names: readonly string[]): Promise<Servers> {
    const started = await Promise.all(names.map(startServer));
    const ports = Object.fromEntries(started.map(({ name, port }) => [name, port]));
    return new Servers(ports, started.map(({ server }) => server));
  }

  dispose(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

/** `/x?status=503` is answered 503, `/x?to=/y` leads to `/y` of the server itself. */
function startServer(name: string): Promise<{ name: string; port: number; server: Server }> {
  return new Promise((resolve) => {
    const server = createServer(async (request, response) => {
      let body = "";
      try {
        for await (const chunk of request) body += chunk;
      } catch {
        return; // the proxy has given it up
      }
      const target = request.url ?? "";
      const query = new URLSearchParams(target.split("?")[1]);
      const { port } = server.address() as { port: number };
      const to = query.get("to");
      response.writeHead(Number(query.get("status") ?? (to === null ? 200 : 302)), {
        "Content-Type": "application/json",
        "X-Powered-By": "tests",
        "X-Origin": name,
        ...(to !== null && { Location: `http://127.0.0.1:${port}${to}` }),
      });
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
      );
      response.end(
        JSON.stringify({ server: name, method: request.method ?? "", target, headers, body } satisfies Seen),
      );
    });
    server.listen(
      0,
      "127.0.0.1",
      () => resolve({ name, port: (server.address() as { port: number }).port, server }),
    );
  });
}

/** Sends a request to a port of this machine and reads the whole answer. */
export async function ask(port: number, asked: Asked): Promise<Answered> {
  const { method, host, path, headers } = asked;
  const client = await RawClient.open(port);
  const body = method === "POST" || method === "PUT" ? "text" : "";
  const lines = [
    ...headers,
    ["User-Agent", "test"],
    ["Accept-Encoding", "identity"],
    ...(body === "" ? [] : [["Content-Length", String(body.length)]]),
  ];
  client.send(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
      lines.map(([name, value]) => `${name}: ${value}\r\n`).join("") + `\r\n${body}`,
  );
  await eventually(`an answer to ${method} ${host}${path}`, () => client.ended || client.closed);
  client.socket.destroy();
  return readAnswer(client.received, asked);
}

function readAnswer(received: string, { host, path, method }: Asked): Answered {
  const [head = "", ...rest] = received.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [name = "", value = ""] = line.split(/:\s*(.*)/s);
    const key = name.toLowerCase();
    fields[key] = fields[key] === undefined ? value : `${fields[key]}, ${value}`;
  }
  const raw = rest.join("\r\n\r\n");
  const text = /chunked/.test(fields["transfer-encoding"] ?? "") ? withoutChunks(raw) : raw;
  const location = fields["location"];
  const isServers = fields["x-origin"] !== undefined;
  const shown = Object.entries(fields).filter(([name]) => /^(?:x-|cache-control$|strict-)/.test(name)).sort();
  return {
    status: Number(first.split(" ")[1]),
    location: location === undefined ? undefined : new URL(location, `http://${host}${path}`).href,
    fields: Object.fromEntries(shown),
    seen: isServers && method !== "HEAD" ? JSON.parse(text) : undefined,
    text: isServers || /text\/html/.test(fields["content-type"] ?? "") ? undefined : text,
  };
}

function withoutChunks(text: string): string {
  let found = "";
  for (let at = 0;;) {
    const end = text.indexOf("\r\n", at);
    const length = parseInt(text.slice(at, end), 16);
    if (!(length > 0)) return found;
    found += text.slice(end + 2, end + 2 + length);
    at = end + 2 + length + 2;
  }
}

/** Fields that each proxy has in its own way. */
const OWN = ["connection", "via", "cdn-loop", "keep-alive"];
/** Fields that Sluice sends also where the other does not. */
const MORE = /^x-(?:forwarded-(?:for|proto|host|port|prefix)|real-ip|request-id)$/;

/** What is to be alike in both answers: names of servers without their numbers, as turns depend on who comes first. */
export function comparable(answer: Answered, other: Answered): unknown {
  const { seen, text, fields } = answer;
  const { "x-origin": _, "x-request-id": __, ...others } = fields;
  const { "cache-control": ___, ...ofError } = others;
  // Each proxy says in its own way that nobody is to keep an answer of its own.
  const shown = seen === undefined && /^no-(?:store|cache)$/.test(fields["cache-control"] ?? "")
    ? ofError
    : others;
  return {
    ...answer,
    fields: shown,
    text: other.text === undefined ? undefined : text,
    seen: seen && {
      ...seen,
      server: groupOf(seen.server),
      headers: Object.fromEntries(
        Object.entries(seen.headers).filter(([name]) =>
          !OWN.includes(name) && !(name === "content-length" && seen.body === "") &&
          (!MORE.test(name) || other.seen?.headers[name] !== undefined)
        ).sort(),
      ),
    },
  };
}

/** `app1` and `app2` are of one group. */
export function groupOf(server: string): string {
  return server.replace(/\d+$/, "");
}
