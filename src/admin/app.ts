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
  /** The state once a second, as server-sent events; undefined where as many listen as may. */
  events(): ReadableStream<Uint8Array> | undefined;
}

/** Answers operators and what watches for them: `/metrics`, `/ready`, `/status`, `/history` and `/events`, and nothing that changes anything. */
export function createAdminApp({ metrics, ready, status, history, events }: AdminParts): Hono {
  const app = new Hono();
  app.get("/metrics", async () => metricsAnswer(await metrics()));
  app.get("/ready", () => readyAnswer(ready()));
  app.get("/status", async () => jsonAnswer(await status()));
  app.get("/history", () => jsonAnswer(history()));
  app.get("/events", (c) => eventsAnswer(c.req.raw.method === "HEAD" ? null : events()));
  app.notFound(() =>
    new WholeResponse("Not found. There is: /metrics, /ready, /status, /history, /events\n", {
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

function eventsAnswer(stream: ReadableStream<Uint8Array> | null | undefined): Response {
  if (stream === undefined) {
    const headers = { ...PLAIN, "Retry-After": "10" };
    return new WholeResponse("As many listen as may\n", { status: 503, headers });
  }
  return new Response(stream, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
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
