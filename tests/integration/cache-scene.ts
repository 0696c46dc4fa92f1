import type { TestContext } from "node:test";
import type { RawConnection } from "../support/raw-server.ts";
import { bodyOf, openScene, request, type Scene } from "./scene.ts";

/** An answer that a client got. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** All of it. */
  readonly text: string;
  /** Values of the field `name`, joined; undefined where there is none. */
  field(name: string): string | undefined;
}

/** A proxy that keeps answers, and what its server was asked for. */
export interface CacheScene extends Scene {
  /** Heads of the requests that came to the server. */
  readonly heads: string[];
  /** Asks for `path` on a connection of its own, with these lines. */
  ask(path?: string, ...lines: string[]): Promise<Answer>;
  /** The same by another method. */
  send(method: string, path: string, ...lines: string[]): Promise<Answer>;
}

/** What answers request number `n`, from 1. */
export type Answers = (head: string, n: number, connection: RawConnection) => string | undefined;

/** Opens a scene whose frontend has a cache; `cache` are its keys. */
export async function openCacheScene(
  t: TestContext,
  answers: Answers,
  { cache = true, frontend, ...config }: {
    cache?: boolean | Record<string, unknown>;
    frontend?: Record<string, unknown>;
    config?: Record<string, unknown>;
    backend?: Record<string, unknown>;
  } = {},
): Promise<CacheScene> {
  const heads: string[] = [];
  const scene = await openScene(t, {
    answer: (head, connection) => answers(head, heads.push(head), connection),
    frontend: { cache, ...frontend },
    ...config,
  });
  const send = async (method: string, path: string, ...lines: string[]) => {
    const client = await scene.client();
    client.send(request(method, path, [...lines, "Connection: close"]));
    return read(await client.untilClosed());
  };
  return { ...scene, heads, send, ask: (path = "/", ...lines) => send("GET", path, ...lines) };
}

/** An answer as its text says. */
export function read(text: string): Answer {
  const head = text.slice(0, text.indexOf("\r\n\r\n"));
  return {
    status: Number(text.split(" ")[1]),
    body: bodyOf(text),
    text,
    field(name) {
      const values = [...head.matchAll(new RegExp(`^${name}: *(.*)$`, "gim"))].map((match) => match[1]!);
      return values.length === 0 ? undefined : values.join(", ");
    },
  };
}
