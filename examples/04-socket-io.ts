/**
 * Socket.IO: long polling and WebSocket on one path, over several servers. Its sessions live in one server, so clients
 * stay with theirs by a cookie.
 *
 *   bun examples/04-socket-io.ts         SERVERS=http://127.0.0.1:9001,http://127.0.0.1:9002 BIND=127.0.0.1:8080
 *   deno run -A examples/04-socket-io.ts
 */
import { Hono } from "hono";
import process from "node:process";
import { createBackend, serve } from "sluice";

const { SERVERS = "http://127.0.0.1:9001,http://127.0.0.1:9002", BIND = "127.0.0.1:8080" } = process.env;

const servers = createBackend({ servers: SERVERS.split(","), sticky: { cookie: "io" } });

const app = new Hono();
app.all("/socket.io/*", servers.handler());
app.get("/", (c) => c.text("The page that connects\n"));

const serving = await serve(app, { bind: BIND });
console.log(`http://${serving.addresses[0]}/`);

process.once("SIGTERM", async () => {
  await serving.stop();
  servers.stop();
});
