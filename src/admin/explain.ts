import { z } from "zod";
import { type ExplainedProxy, explainRequest } from "../explain/explain.ts";
import { AdminRefusal, type AdminRoute, writeRoute } from "./route.ts";

const MAX_HEADERS = 100;

const askedSchema = z.strictObject({
  method: z.string().min(1).max(32),
  url: z.string().min(1).max(16 * 1024),
  headers: z.array(z.tuple([z.string().max(256), z.string().max(8192)])).max(MAX_HEADERS).optional(),
  from: z.string().max(64).optional(),
  frontend: z.string().max(256).optional(),
});

/** What would become of a request, in the proxy that runs. It changes nothing; its body is why it is a POST. */
export function explainRoute(explained: () => ExplainedProxy): AdminRoute {
  return writeRoute({
    method: "POST",
    path: "/api/explain",
    summary: "What would become of a request: who takes it, why others do not, and what is sent where.",
    body: askedSchema,
    answers: z.looseObject({ by: z.string() }),
    write({ body: { frontend, ...asked } }) {
      try {
        return { value: explainRequest(explained(), asked, { frontend }) };
      } catch (error) {
        if (error instanceof RangeError) throw new AdminRefusal(400, error.message);
        throw error;
      }
    },
  });
}
