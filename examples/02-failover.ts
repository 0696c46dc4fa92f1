/**
 * A backup for when the primary fails or is slow, decided in the app.
 *
 *   bun examples/02-failover.ts          PRIMARY=http://127.0.0.1:9001 BACKUP=http://127.0.0.1:9002
 *   deno run -A examples/02-failover.ts  BIND=127.0.0.1:8080
 */
import { Hono } from "hono";
import process from "node:process";
import { createBackend, serve } from "sluice";

const {
  PRIMARY = "http://127.0.0.1:9001",
  BACKUP = "http://127.0.0.1:9002",
  BIND = "127.0.0.1:8080",
} = process.env;

const primary = createBackend({ servers: [PRIMARY] }, { name: "primary" });
const backup = createBackend({ servers: [BACKUP] }, { name: "backup" });

const app = new Hono();
app.get("*", async (c) => {
  const answer = await primary.fetch(c.req.raw, { timeout: "5s" });
  // 502: refused or broken off, 504: too slow. Only for requests without a body: that was sent already.
  if (answer.status !== 502 && answer.status !== 504) return answer;
  await answer.body?.cancel();
  return backup.fetch(c.req.raw, { timeout: "10s" });
});
app.onError((error, c) => c.text(`Something else went wrong: ${error.message}\n`, 500));

const serving = await serve(app, { bind: BIND });
console.log(`http://${serving.addresses[0]}/`);

process.once("SIGTERM", async () => {
  await serving.stop();
  primary.stop();
  backup.stop();
});
