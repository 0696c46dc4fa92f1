import type { Fields } from "../http/fields.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { OwnLine } from "../message/stage.ts";
import { linesOf, packed } from "./kept-fields.ts";

/** `fields` of the answer to `request` without what `lines` have written there for its client alone. */
export function withoutOwn(fields: Fields, lines: readonly OwnLine[], request: IncomingRequest): Fields {
  if (lines.length === 0) return fields;
  const wrote = new Set(lines.map(([name, fill]) => `${name.toLowerCase()} ${fill(request)}`));
  return packed(linesOf(fields, ({ lower }, value) => !wrote.has(`${lower} ${value}`)));
}

/** Writes the values of `lines` for `request` into an answer that was kept without them. */
export function addOwn(response: Response, lines: readonly OwnLine[], request: IncomingRequest): Response {
  if (lines.length === 0 || !(response instanceof ForwardedResponse)) return response;
  response.settle();
  const fields = response.takeFields();
  for (const [name, fill] of lines) fields.append(name, fill(request));
  return response;
}
