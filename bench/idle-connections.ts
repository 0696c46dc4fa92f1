import { connect, type Socket } from "node:net";

/** Opened at the same time; more would wait in the queue of the listener. */
const AT_A_TIME = 100;

/** Opens connections to `url` that ask once and then say nothing. Returns what closes them. */
export async function openIdleConnections(url: string, count: number): Promise<() => void> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Array.from({ length: Math.min(AT_A_TIME, count - sockets.length) }, () => openOne(url));
    sockets.push(...await Promise.all(next));
  }
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

function openOne(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("Cannot keep an idle connection: the proxy closed it")));
    socket.once("data", () => resolve(socket));
    socket.write(`GET /small HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
}
