import { isIP } from "node:net";
import { z } from "zod";
import { readData } from "./text/data.ts";
import { ConfigError } from "./problems/error.ts";
import { method } from "./sections/action.ts";
import { pathPrefix, target } from "./values/paths.ts";
import { duration, flag, wants } from "./values/value-types.ts";
import { IN_REQUESTS } from "./sections/header-edits.ts";
import { headerTable, headerValue } from "./values/headers.ts";
import { placeProblems } from "./problems/problems.ts";

/** A value as it is written: what a program puts in may come from a client, and is not searched for placeholders. */
const literal = headerValue.transform((text) => [{ texts: [text], placeholders: [] }]);

const CLIENT_FORM = "an IP address";

/** What a program may change of one request; everything is optional. */
const callSchema = z.strictObject({
  /** Address of the client, where another server than ours has the connection and only the program knows it. */
  client: z.string(wants(CLIENT_FORM)).refine((text) => isIP(text) !== 0, wants(CLIENT_FORM)).exactOptional(),
  /** Target in place of the path; its query comes before the client's. */
  path: target.exactOptional(),
  /** Taken away at the front of the path, up to the end of a segment. */
  stripPrefix: pathPrefix.exactOptional(),
  /** Put before the path. */
  addPrefix: pathPrefix.exactOptional(),
  /** Whether the client's query goes on; yes where nothing is said. */
  forwardQuery: flag.exactOptional(),
  /** In place of the client's; any but HEAD, CONNECT and TRACE. */
  method: method.exactOptional(),
  /** In place of the client's. */
  body: z.union([z.string(), z.instanceof(Uint8Array)], wants("a text or bytes")).exactOptional(),
  /** Header fields to add, each in place of the client's of that name. */
  headers: headerTable(literal, IN_REQUESTS).exactOptional(),
  /** Header fields in place of all that the client sent. */
  overrideHeaders: headerTable(literal, IN_REQUESTS).exactOptional(),
  /** Time to the head of the answer, such as `"5s"`, in place of the backend's; `"0s"` is no limit. */
  timeout: duration.exactOptional(),
});

/** What a program may change of one request, as it is written. */
export type CallOptions = Readonly<z.input<typeof callSchema>>;

export type CallConfig = Readonly<z.output<typeof callSchema>>;

/** Checks what a program wants changed. Throws a `ConfigError` with all problems. */
export function parseCall(options: unknown): CallConfig {
  const result = callSchema.safeParse(options);
  if (result.success) return result.data;
  const { issues } = result.error;
  throw new ConfigError(placeProblems(readData(options), { issues, references: [] }, { file: "options" }));
}
