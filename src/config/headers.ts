import { z } from "zod";
import { isToken } from "../http/chars.ts";
import { parsed, wants } from "./fields.ts";

const NAME_FORM = 'the name of a header, such as "X-Probe"';
const VALUE_FORM = "the value of a header: ASCII without control characters, and without blanks around it";

/** Fields that frame a message or belong to one connection: a second word on them is how requests get smuggled. */
const OWN: ReadonlyMap<string, string> = new Map([
  ["host", 'is set by the key "host"; accepted: any other header'],
  ...["connection", "content-length", "transfer-encoding"].map((name) =>
    [name, "is set by the proxy alone; accepted: any other header"] as const
  ),
]);

/**
 * A field value (RFC 9110 §5.5). Nothing beyond ASCII: the recipient could not tell in which charset it is, and the
 * blanks around a value are not a part of it. The message does not repeat it, as it may be a secret.
 */
const value = parsed(VALUE_FORM, (text) => {
  if (/^[\t -~]*$/.test(text) && !/^[\t ]|[\t ]$/.test(text)) return text;
  throw new RangeError(`is a text that cannot be sent as it is; accepted: ${VALUE_FORM}`);
});

/** Header fields to send, by name, as they are written. A name stands once, whatever its case. */
export const headersSchema = z.record(
  z.string().refine(isToken, wants(NAME_FORM))
    .refine((name) => !OWN.has(lower(name)), { error: ({ input }) => OWN.get(lower(input)) }),
  value,
  wants("a table of header values by name"),
).superRefine((headers, context) => {
  const seen = new Map<string, string>();
  for (const name of Object.keys(headers)) {
    const first = seen.get(lower(name));
    seen.set(lower(name), name);
    if (first === undefined) continue;
    const message = `is the same header as ${JSON.stringify(first)}; accepted: each header once`;
    context.addIssue({ code: "custom", path: [name], message });
  }
});

function lower(name: unknown): string {
  return String(name).toLowerCase();
}
