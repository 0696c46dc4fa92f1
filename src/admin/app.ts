import { Hono } from "hono";
import { WholeResponse } from "../message/whole-response.ts";
import { EXPOSITION_TYPE } from "../observe/exposition.ts";

const PLAIN = { "Content-Type": "text/plain; charset=utf-8" };

export interface AdminParts {
  /** All metrics in Prometheus' text format. */
  metrics(): string | Promise<string>;
  /** Whether the proxy is to get requests: it has started, and is not stopping. */
  ready(): boolean;
  /** Everything that is known, as JSON. */
  status(): Promise<string>;
  /** The plots of the last minutes, as JSON. */
  history(): string;
}

/** Answers operators and what watches for them: `/metrics`, `/ready`, `/status` and `/history`, and nothing that changes anything. */
export function createAdminApp({ metrics, ready, status, history }: AdminParts): Hono {
  const app = new Hono();
  app.get("/metrics", async () => metricsAnswer(await metrics()));
  app.get("/ready", () => readyAnswer(ready()));
  app.get("/status", async () => jsonAnswer(await status()));
  app.get("/history", () => jsonAnswer(history()));
  app.notFound(() =>
    new WholeResponse("Not found. There is: /metrics, /ready, /status, /history\n", {
      status: 404,
      headers: PLAIN,
    })
  );
  return app;
}

/** An answer that holds `text`, the metrics. */
export function metricsAnswer(text: string): Response {
  return new WholeResponse(text, {
    headers: { "Content-Type": EXPOSITION_TYPE, "Cache-Control": "no-store" },
  });
}

function jsonAnswer(text: string): Response {
  return new WholeResponse(text, {
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
  });
}

/** What a load balancer in front asks for: 200, or 503 where this proxy is to get no more requests. */
export function readyAnswer(ready: boolean): Response {
  const text = ready ? "ready\n" : "not ready\n";
  const headers = {
    ...PLAIN,
    "Content-Length": String(text.length),
    "Cache-Control": "no-store",
  };
  return new WholeResponse(text, { status: ready ? 200 : 503, headers });
}
