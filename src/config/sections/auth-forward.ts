import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { headerName, reserved, type ReservedNames } from "../values/headers.ts";
import { target } from "../values/paths.ts";
import { parsePlace, PLACE, PLACE_FORM } from "../values/place.ts";
import { list, parsed, positiveDuration, size, text } from "../values/value-types.ts";
import { IN_REQUESTS } from "./header-edits.ts";
import { section } from "./section.ts";
import { exactlyOne, notBoth, writtenAs } from "../values/written.ts";

/** What the proxy says itself to whoever it asks. */
const OWN: ReservedNames = new Map([
  ...IN_REQUESTS,
  ...reserved(["expect", "max-forwards", "x-forwarded-method", "x-forwarded-uri"]),
]);

const NAMES_FORM = "a list of header names";

/** Another server says whether a request may pass. */
export const forwardAuthSchema = writtenAs(
  section({
    /** Where it is asked. @example "http://127.0.0.1:4180/auth" */
    url: parsed(PLACE_FORM, parsePlace, PLACE).exactOptional(),
    /** The backend whose servers are asked, in place of `url`. @example "login" */
    backend: text("the name of a backend").exactOptional(),
    /** What those are asked for. @example "/verify" */
    path: target.exactOptional(),
    /** Fields of the request that it gets to see, besides those that say what is asked for and by whom. */
    copy_request_headers: list(headerName(OWN), NAMES_FORM)
      .prefault(["Accept", "Authorization", "Cookie", "User-Agent", "X-Requested-With"]),
    /** Fields of its answer that go on to the server, in the place of the client's. The first says who the client is. */
    copy_response_headers: list(headerName(IN_REQUESTS), NAMES_FORM).prefault([]),
    /** Time for its answer, all of it. */
    timeout: positiveDuration.prefault("5s"),
    /** The largest body of its answer. */
    max_answer: size.prefault("64KiB"),
  }).refine(({ url, backend }) => (url === undefined) !== (backend === undefined), {
    error: "does not say whom to ask; accepted: one of url and backend",
  }).refine(({ url, path }) => url === undefined || path === undefined, {
    path: ["path"],
    error: "stands beside url; accepted: a path in the url, or backend",
  }),
  { rules: [exactlyOne("url", "backend"), notBoth("url", "path")] },
);

export type ForwardAuthConfig = Frozen<z.output<typeof forwardAuthSchema>>;
