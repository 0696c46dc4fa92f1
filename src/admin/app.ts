import { Hono } from "hono";
import { EXPOSITION_TYPE } from "../observe/exposition.ts";

export interface AdminParts {
  /** All metrics in Prometheus' text format. */
  metrics(): string | Promise<string>;
  /** Whether the proxy is to get requests: it has started, and is not stopping. */
  ready(): boolean;
}

/** The app of the admin listener. */
export function createAdminApp({ metrics, ready }: AdminParts): Hono {
  const app = new Hono();
  app.get("/metrics", async () => metricsAnswer(await metrics()));
  app.get("/ready", () => readyAnswer(ready()));
  app.notFound((c) => c.text("Not found. There is: /metrics, /ready\n", 404));
  return app;
}

/** An answer that holds `text`, the metrics. */
export function metricsAnswer(text: string): Response {
  return new Response(text, { headers: { "Content-Type": EXPOSITION_TYPE, "Cache-Control": "no-store" } });
}

/** What a load balancer in front asks for: 200, or 503 where this proxy is to get no more requests. */
export function readyAnswer(ready: boolean): Response {
  const text = ready ? "ready\n" : "not ready\n";
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(text.length),
    "Cache-Control": "no-store",
  };
  return new Response(text, { status: ready ? 200 : 503, headers });
}
