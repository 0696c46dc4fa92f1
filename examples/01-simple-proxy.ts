/**
 * One server behind a part of an app of one's own. /api/x goes to the server as /x.
 *
 *   bun examples/01-simple-proxy.ts      SERVER=http://127.0.0.1:9001 BIND=127.0.0.1:8080
 *   deno run -A examples/01-simple-proxy.ts
 */
import { Hono } from "hono";
import process from "node:process";
import { createBackend, serve } from "sluice";

const { SERVER = "http://127.0.0.1:9001", BIND = "127.0.0.1:8080" } = process.env;

const server = createBackend({ servers: [SERVER] });

const app = new Hono();
app.get("/", (c) => c.text("An app of my own; see /api/\n"));
app.all("/api/*", server.handler({ stripPrefix: "/api" }));
// What a call may change depends on the request, if need be.
app.all(
  "/smart/:name",
  server.handler((c) => ({
    path: `/${encodeURIComponent(c.req.param("name") ?? "")}`,
    method: "POST",
    body: JSON.stringify({ asked: c.req.path }),
    headers: { "Content-Type": "application/json", "X-Asked-By": "example" },
    forwardQuery: false,
    timeout: "5s",
  })),
);

const serving = await serve(app, { bind: BIND });
console.log(`http://${serving.addresses[0]}/`);

process.once("SIGTERM", async () => {
  await serving.stop();
  server.stop();
});
