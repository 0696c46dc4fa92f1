/**
 * A collector that prints the spans it gets: what `[tracing]` sends, for a first look.
 *
 *   bun examples/collector.ts            BIND=127.0.0.1:4318
 *   deno run -A examples/collector.ts
 */
import process from "node:process";
import { Hono } from "hono";
import { serve } from "sluice";

const { BIND = "127.0.0.1:4318" } = process.env;
const app = new Hono();

app.post("/v1/traces", async (c) => {
  const { resourceSpans } = await c.req.json();
  for (const { scopeSpans } of resourceSpans) {
    for (const { spans } of scopeSpans) spans.forEach(printSpan);
  }
  return c.json({});
});

// deno-lint-ignore no-explicit-any -- whatever a proxy sends
function printSpan({ traceId, kind, name, startTimeUnixNano, endTimeUnixNano, attributes }: any): void {
  const ms = (Number(endTimeUnixNano) - Number(startTimeUnixNano)) / 1e6;
  // deno-lint-ignore no-explicit-any -- as above
  const facts = attributes.map(({ key, value }: any) => `${key}=${value.stringValue ?? value.intValue}`);
  console.log(
    `${traceId} ${kind === 3 ? "  attempt" : "request"} ${name} ${ms.toFixed(1)}ms ${facts.join(" ")}`,
  );
}

const collector = await serve(app, { bind: BIND, config: { log: { access: false } } });
console.log(`http://${collector.addresses[0]}/`);

process.once("SIGTERM", () => collector.stop());
