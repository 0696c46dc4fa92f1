/** A process that listens on a port of 127.0.0.1 and accepts nothing. It prints the port and waits to be killed. */
import { writeSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";

const server = createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  writeSync(1, `port ${(server.address() as AddressInfo).port}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
