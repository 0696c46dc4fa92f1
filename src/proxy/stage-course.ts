import type { ActionConfig } from "../config/sections/action.ts";
import type { HeaderLines } from "../config/sections/header-edits.ts";
import type { Placeholder, Template } from "../config/values/template.ts";
import type { StageCourse } from "../message/stage.ts";
import type { IdentityPolicy } from "./identity.ts";
import { courseOfAction } from "./route-names.ts";
import { compileLines } from "./shape.ts";

/** What may differ between two requests for one URL: the others are read from that. */
const OF_CLIENT: ReadonlySet<Placeholder> = new Set(["client", "method", "request_id"]);

/**
 * Fields by which every server learns of the client, besides what `reportedBy` of the cache tells apart: scheme, host, and
 * what a trusted proxy says of them.
 */
const ALWAYS_TOLD = [
  "forwarded",
  "traceparent",
  "tracestate",
  "x-forwarded-for",
  "x-real-ip",
  "x-request-id",
];

/** What stages know of a handler that does `action`. */
export function stageCourseOf(action: ActionConfig, policy: IdentityPolicy): StageCourse {
  const { requestHeaders, overrideHeaders = {}, responseHeaders } = action;
  const asked = [overrideHeaders, requestHeaders?.set ?? {}, requestHeaders?.add ?? {}].map(ofClient);
  const answered = [responseHeaders?.set ?? {}, responseHeaders?.add ?? {}].map(ofClient);
  const told = asked.flatMap((table) => Object.keys(table)).map((name) => name.toLowerCase());
  return {
    text: courseOfAction(action),
    ownLines: compileLines(answered, policy),
    told: new Set([...ALWAYS_TOLD, ...told]),
  };
}

/** The lines of `table` that are other ones for another client. */
function ofClient(table: HeaderLines): HeaderLines {
  return Object.fromEntries(
    Object.entries(table).map(([name, values]) => [name, values.filter(isOfClient)] as const)
      .filter(([, values]) => values.length > 0),
  );
}

function isOfClient({ placeholders }: Template): boolean {
  return placeholders.some((name) => OF_CLIENT.has(name));
}
