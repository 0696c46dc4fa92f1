import { z } from "zod";
import type { RecentError } from "../observe/recent-errors.ts";
import { valueAnswer } from "./answers.ts";
import { type AdminRoute, readRoute } from "./route.ts";

const MOST = { error: "a whole number from 1 to 256" };

const errorSchema = z.object({
  at: z.iso.datetime(),
  request_id: z.string(),
  frontend: z.string(),
  backend: z.string().nullable(),
  server: z.string().nullable(),
  method: z.string(),
  host: z.string(),
  path: z.string().describe("Without its query."),
  status: z.int(),
  reason: z.string().describe("As in the log; ok where the server itself answered 500 or above."),
  detail: z.string().nullable(),
  elapsed_ms: z.number(),
});

/** The requests that failed last. */
export function errorRoutes(errors: () => readonly RecentError[]): readonly AdminRoute[] {
  return [
    readRoute({
      path: "/api/errors",
      summary: "The last requests that failed by the making of the proxy or a server, the newest first.",
      query: z.object({ limit: z.coerce.number(MOST).int(MOST).min(1, MOST).max(256, MOST).optional() }),
      answers: z.array(errorSchema),
      read: ({ query: { limit } }) => valueAnswer(errors().slice(0, limit)),
    }),
  ];
}
