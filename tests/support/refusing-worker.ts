// A server in a thread of its own: it refuses the first request that begins, closes on what it did not read, and says so in
// `state`: [its port, whether it has closed].
import { createServer } from "node:net";
import { workerData } from "node:worker_threads";

const state = workerData as Int32Array;

function tell(index: number, value: number): void {
  Atomics.store(state, index, value);
  Atomics.notify(state, index);
}

const server = createServer((socket) => {
  socket.once("data", () => {
    socket.pause();
    const refusal = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge";
    socket.write(refusal, () => socket.destroy());
  });
  socket.on("error", () => {});
  socket.on("close", () => server.close(() => setTimeout(() => tell(1, 1), 20)));
});
server.listen(0, "127.0.0.1", () => tell(0, (server.address() as { port: number }).port));
