/**
 * Servers that are probed, with their state at /status; a server that fails gets no requests until it is back.
 *
 *   bun examples/06-health-checks.ts     SERVERS=http://127.0.0.1:9001,http://127.0.0.1:9002 BIND=127.0.0.1:8080
 *   deno run -A examples/06-health-checks.ts
 */
import { Hono } from "hono";
import process from "node:process";
import { createBackend, serve } from "sluice";

const { SERVERS = "http://127.0.0.1:9001,http://127.0.0.1:9002", BIND = "127.0.0.1:8080" } = process.env;

const servers = createBackend({
  servers: SERVERS.split(","),
  health_check: { path: "/health", interval: "1s", timeout: "1s" },
});
await servers.start(); // the first round of probes is over before the first request

const app = new Hono();
app.get("/status", (c) => c.json(servers.status()));
app.all("*", servers.handler());

const serving = await serve(app, { bind: BIND });
console.log(`http://${serving.addresses[0]}/`);

process.once("SIGTERM", async () => {
  await serving.stop();
  servers.stop();
});
