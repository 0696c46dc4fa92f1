import { Hono } from "hono";
import { EXPOSITION_TYPE } from "../observe/exposition.ts";

/** What the admin listener shows. */
export interface AdminParts {
  /** All metrics in Prometheus' text format. */
  metrics(): string;
}

/** The app of the admin listener. */
export function createAdminApp({ metrics }: AdminParts): Hono {
  const app = new Hono();
  app.get("/metrics", () => metricsAnswer(metrics()));
  app.notFound((c) => c.text("Not found. There is: /metrics\n", 404));
  return app;
}

/** An answer that holds `text`, the metrics. */
export function metricsAnswer(text: string): Response {
  return new Response(text, { headers: { "Content-Type": EXPOSITION_TYPE, "Cache-Control": "no-store" } });
}
