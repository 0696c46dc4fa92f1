import type { TestContext } from "node:test";
import { Buffer } from "node:buffer";
import { decoded } from "../support/decoding.ts";
import { bodyOf, bytes, dechunk, openScene, request } from "./scene.ts";

/** Longer than the usual `min_size`, and well compressible. */
export const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(60);

/** An answer of text with `lines`, with its length. */
export function text(...lines: string[]): string {
  return answer(TEXT, "Content-Type: text/plain", ...lines);
}

/** An answer of `body` with `lines`, with its length. */
export function answer(body: string, ...lines: string[]): string {
  return ["HTTP/1.1 200 OK", ...lines, `Content-Length: ${body.length}`, "", body].join("\r\n");
}

/** What a client gets. */
export interface Got {
  readonly status: number;
  /** All values of a field, joined by a comma; undefined where there is none. */
  field(name: string): string | undefined;
  /** The body as it came, without chunks. */
  readonly raw: Buffer;
  /** Its bytes without the content coding. */
  readonly body: Buffer;
  readonly trailers: string;
}

/** What a client gets of `answer`, of which it asks by `method` with `lines`. */
export async function got(
  t: TestContext,
  { compress = true, lines = ["Accept-Encoding: gzip"], method = "GET", frontend, ...scene }: {
    answer: string;
    compress?: unknown;
    lines?: string[];
    method?: string;
    frontend?: Record<string, unknown>;
  },
): Promise<Got> {
  const { client } = await openScene(t, { ...scene, frontend: { compress, ...frontend } });
  const c = await client();
  c.send(request(method, "/", [...lines, "Connection: close"]));
  return read(await c.untilClosed());
}

/** An answer of which all has come. */
export function read(received: string): Got {
  const [statusLine = "", ...lines] = received.slice(0, received.indexOf("\r\n\r\n")).split("\r\n");
  const field = (name: string) => {
    const values = lines.filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
    return values.length === 0 ? undefined : values.join(", ");
  };
  const sent = bodyOf(received);
  const { body, trailers } = field("transfer-encoding") === "chunked"
    ? dechunk(sent)
    : { body: sent, trailers: "" };
  const raw = bytes(body);
  return {
    status: Number(statusLine.split(" ")[1]),
    field,
    raw,
    get body() {
      return decoded(raw, field("content-encoding") ?? "identity");
    },
    trailers,
  };
}
