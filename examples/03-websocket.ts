/**
 * WebSockets at /ws, whoever may have them: the upgrade is decided in the app, and goes through untouched.
 *
 *   bun examples/03-websocket.ts         SERVER=http://127.0.0.1:9001 BIND=127.0.0.1:8080
 *   deno run -A examples/03-websocket.ts
 */
import { Hono } from "hono";
import process from "node:process";
import { createBackend, serve } from "sluice";

const { SERVER = "http://127.0.0.1:9001", BIND = "127.0.0.1:8080" } = process.env;

const server = createBackend({ servers: [SERVER], timeouts: { tunnel_idle: "10m" } });

const app = new Hono();
app.use("/ws/*", async (c, next) => {
  if (c.req.query("token") !== "secret") return c.text("No token, no socket\n", 401);
  return await next();
});
app.get("/ws/*", server.handler({ forwardQuery: false, headers: { "X-User": "somebody" } }));

const serving = await serve(app, { bind: BIND });
console.log(`http://${serving.addresses[0]}/`);

process.once("SIGTERM", async () => {
  await serving.stop();
  server.stop();
});
