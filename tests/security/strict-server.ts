import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { readStrictly, type SeenRequest } from "./strict-reader.ts";

/**
 * A server that answers every complete request with 200 and its method and target. It reads strictly: a
 * connection that brings anything else is left without an answer, and is for the test to judge.
 */
export function startStrictServer(): Promise<RawServer> {
  const answered = new WeakMap<RawConnection, number>();
  return RawServer.listen({
    onData(connection) {
      const { requests } = readOrNothing(connection.received);
      const done = answered.get(connection) ?? 0;
      answered.set(connection, requests.length);
      for (const request of requests.slice(done)) connection.send(answerTo(request));
    },
  });
}

function readOrNothing(bytes: string): { requests: readonly SeenRequest[] } {
  try {
    return readStrictly(bytes);
  } catch {
    return { requests: [] }; // what came is checked once more when the shape is over, and then it throws
  }
}

function answerTo({ method, target }: SeenRequest): string {
  const body = method === "HEAD" ? "" : `${method} ${target}`;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
