import { z } from "zod";
import { parsed, token, wants } from "./value-types.ts";
import { writtenAs } from "./written.ts";

/** What the name of a header is, in words, for error messages. */
const HEADER_NAME_FORM = 'the name of a header, such as "X-Probe"';
const VALUE_FORM = "the value of a header: ASCII without control characters, and without blanks around it";

/** Why some names are not accepted, by the name in lower case. */
export type ReservedNames = ReadonlyMap<string, string>;

/** Names that the proxy keeps to itself. */
export function reserved(names: readonly string[]): [string, string][] {
  return names.map((name) => [name, "is set by the proxy alone; accepted: any other header"]);
}

/** Fields that frame a message or belong to one connection: a second word on them is how requests get smuggled. */
const OWN: ReservedNames = new Map([
  ["host", 'is set by the key "host"; accepted: any other header'],
  ...reserved(["connection", "content-length", "transfer-encoding"]),
]);

/**
 * A field value (RFC 9110 §5.5). Nothing beyond ASCII: the recipient could not tell in which charset it is, and the
 * blanks around a value are not a part of it. The message does not repeat it, as it may be a secret.
 */
export const headerValue = parsed(VALUE_FORM, (text) => {
  if (isHeaderValue(text)) return text;
  throw new RangeError(`is a text that cannot be sent as it is; accepted: ${VALUE_FORM}`);
}, /^(?![\t ])[\t -~]*(?<![\t ])$/);

/** Header fields to send, by name, as they are written. */
export const headersSchema = headerTable(headerValue, OWN);

/** The name of a header that is none of `own`. */
export function headerName(own: ReservedNames): z.ZodString {
  const name = token(HEADER_NAME_FORM)
    .refine((name) => !own.has(lower(name)), { error: ({ input }) => own.get(lower(input)) });
  return own.size === 0 ? name : writtenAs(name, { except: [...own.keys()] });
}

/** A table of `value` by the names of headers. A name stands once, whatever its case. */
export function headerTable<Value extends z.ZodType>(
  value: Value,
  own: ReservedNames,
): z.ZodRecord<z.ZodString, Value> {
  return z.record(headerName(own), value, wants("a table of header values by name"))
    .superRefine((headers, context) => {
      const seen = new Map<string, string>();
      for (const name of Object.keys(headers)) {
        const first = seen.get(lower(name));
        seen.set(lower(name), name);
        if (first === undefined) continue;
        const message = `is the same header as ${JSON.stringify(first)}; accepted: each header once`;
        context.addIssue({ code: "custom", path: [name], message });
      }
    });
}

export function isHeaderValue(text: string): boolean {
  return /^[\t -~]*$/.test(text) && !/^[\t ]|[\t ]$/.test(text);
}

function lower(name: unknown): string {
  return String(name).toLowerCase();
}
