import { connect, type Socket } from "node:net";
import type { LoadOptions, LoadResult, LoadTarget } from "./load-order.ts";

const MIB = 1024 * 1024;
/** Answers that every tunnel has asked for ahead, so that none ever waits for a request. */
const AHEAD = 2;
const OPEN_LIMIT_MS = 5000;

/**
 * Downloads `path` again and again through tunnels of a forward proxy, all open at once, and counts each MiB as a
 * request; without `relays` over plain connections. The time to open them does not count.
 */
export async function runTunnelLoad(
  { url, relays, scenario }: LoadTarget,
  { seconds, connections }: LoadOptions,
): Promise<LoadResult> {
  const { host } = new URL(relays ?? url);
  const sockets = await Promise.all(
    Array.from({ length: connections }, () => openTunnel(url, relays === undefined ? undefined : host)),
  );
  let bytes = 0;
  let broken = 0;
  const text = `GET ${scenario.path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const startedMs = performance.now();
  for (const socket of sockets) {
    let left = 0; // of what this tunnel has asked for
    let first = true;
    const keepAhead = () => {
      for (; left < AHEAD * scenario.answer.bodyBytes; left += scenario.answer.bodyBytes) socket.write(text);
    };
    socket.on("data", (chunk: Uint8Array) => {
      if (first && !new TextDecoder().decode(chunk.subarray(0, 15)).startsWith("HTTP/1.1 200 OK")) broken++;
      first = false;
      bytes += chunk.byteLength;
      left -= chunk.byteLength;
      keepAhead();
    });
    socket.on("close", () => broken++);
    keepAhead();
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const wallMs = performance.now() - startedMs;
  const failures: Record<string, number> = broken > 0 ? { tunnel: broken } : {};
  const requests = bytes / MIB;
  for (const socket of sockets) socket.destroy();
  return { requests, wallMs, p50Ms: NaN, p99Ms: NaN, failures };
}

/** Connects to `url`, and through it to `target` where there is one. Rejects when the proxy refuses. */
function openTunnel(url: string, target: string | undefined): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(`no tunnel: ${reason}`));
    };
    const timer = setTimeout(() => fail("no answer in time"), OPEN_LIMIT_MS);
    const settle = () => {
      clearTimeout(timer);
      socket.removeAllListeners("data");
      resolve(socket);
    };
    socket.on("error", (error) => fail(error.message)); // after the opening, `close` tells
    socket.once("connect", () => {
      if (target === undefined) return settle();
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      let head = "";
      socket.on("data", (chunk: Uint8Array) => {
        head += new TextDecoder().decode(chunk);
        if (!head.includes("\r\n\r\n")) return;
        if (/^HTTP\/1\.[01] 200 /.test(head)) settle();
        else fail(head.split("\r\n")[0]!);
      });
    });
  });
}
