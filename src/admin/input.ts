import type { z } from "zod";
import { AdminRefusal } from "./route.ts";

/** Bytes of a body, unless a route says otherwise. */
const MAX_BODY_BYTES = 64 * 1024;

/** What of a request holds its body. */
type Carrier = Pick<Request, "body" | "headers">;

/**
 * The body of a write as `schema` has it; without a schema there must be none. A body is JSON and says so: what a web page
 * of somebody else may send unasked is none.
 */
export async function readBody(
  request: Carrier,
  schema: z.ZodType | undefined,
  most = MAX_BODY_BYTES,
): Promise<unknown> {
  const { body, headers } = request;
  const length = Number(headers.get("content-length") ?? 0);
  if (length > most) throw tooLarge(most);
  if (body === null || headers.get("content-length") === "0") {
    if (schema === undefined) return undefined;
    return checked(schema, {}, "body");
  }
  if (!/^application\/json[\t ]*(?:;|$)/i.test(headers.get("content-type") ?? "")) {
    throw new AdminRefusal(415, "The body is no JSON", { accepted: ["Content-Type: application/json"] });
  }
  const text = await textOf(body, most);
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new AdminRefusal(400, "The body is not JSON that can be read", { accepted: ["a JSON object"] });
  }
  return schema === undefined ? undefined : checked(schema, value, "body");
}

/** The query as `schema` has it; without a schema there is none. */
export function readQuery(search: URLSearchParams, schema: z.ZodType | undefined): unknown {
  return schema === undefined ? {} : checked(schema, Object.fromEntries(search), "query");
}

function checked(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const place = ({ path }: { path: readonly PropertyKey[] }) =>
    path.length === 0 ? `The ${what}` : path.join(".");
  const wrong = issues.map((issue) =>
    issue.code === "unrecognized_keys"
      ? `Unknown in the ${what}: ${issue.keys.slice(0, 10).join(", ")}`
      : `${place(issue)} is not accepted`
  );
  throw new AdminRefusal(400, wrong.join("; "), {
    accepted: issues.map((issue) =>
      issue.code === "unrecognized_keys" ? issue.message : `${place(issue)}: ${issue.message}`
    ),
  });
}

async function textOf(body: ReadableStream<Uint8Array>, most: number): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let left = most;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    left -= value.length;
    if (left < 0) {
      await reader.cancel();
      throw tooLarge(most);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function tooLarge(most: number): AdminRefusal {
  return new AdminRefusal(413, "The body is too large", { accepted: [`up to ${most / 1024} KiB`] });
}
