import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { headerName, reserved, type ReservedNames } from "../values/headers.ts";
import { target } from "../values/paths.ts";
import { parsePlace, PLACE_FORM } from "../values/place.ts";
import { list, parsed, positiveDuration, size, text } from "../values/value-types.ts";
import { IN_REQUESTS } from "./header-edits.ts";
import { section } from "./section.ts";

/** What the proxy says itself to whoever it asks. */
const OWN: ReservedNames = new Map([
  ...IN_REQUESTS,
  ...reserved(["expect", "max-forwards", "x-forwarded-method", "x-forwarded-uri"]),
]);

const NAMES_FORM = "a list of header names";

/** Another server says whether a request may pass. */
export const forwardAuthSchema = section({
  /** Where it is asked. */
  url: parsed(PLACE_FORM, parsePlace).exactOptional(),
  /** Or the backend whose servers are. */
  backend: text("the name of a backend").exactOptional(),
  /** What those are asked for. */
  path: target.exactOptional(),
  /** Fields of the request that it gets to see, besides those that say what is asked for and by whom. */
  copy_request_headers: list(headerName(OWN), NAMES_FORM)
    .prefault(["Accept", "Authorization", "Cookie", "User-Agent", "X-Requested-With"]),
  /** Fields of its answer that go on to the server, in the place of the client's. The first says who the client is. */
  copy_response_headers: list(headerName(IN_REQUESTS), NAMES_FORM).prefault([]),
  /** For its answer, all of it. */
  timeout: positiveDuration.prefault("5s"),
  /** Body of its answer. */
  max_answer: size.prefault("64KiB"),
}).refine(({ url, backend }) => (url === undefined) !== (backend === undefined), {
  error: "does not say whom to ask; accepted: one of url and backend",
}).refine(({ url, path }) => url === undefined || path === undefined, {
  path: ["path"],
  error: "stands beside url; accepted: a path in the url, or backend",
});

export type ForwardAuthConfig = Frozen<z.output<typeof forwardAuthSchema>>;
