import { z } from "zod";
import { list, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headerName, headerTable, reserved, type ReservedNames } from "../values/headers.ts";
import { section } from "./section.ts";
import { template } from "../values/template.ts";
import { writtenAs } from "../values/written.ts";

/** What belongs to one connection, or frames a message. */
const FRAMING = [
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Fields of a request that only the proxy sets. */
export const IN_REQUESTS: ReservedNames = new Map([
  ["host", 'is set by the key "host_header" of the backend; accepted: any other header'],
  ...reserved([
    ...FRAMING,
    "cdn-loop",
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
  ]),
]);

/** Fields of an answer that only the proxy sets. */
export const IN_ANSWERS: ReservedNames = new Map(reserved([...FRAMING, "via"]));

const templates = list(template, "a text or a list of texts", 1);

/** One value, or one for each line of the field. */
const values = writtenAs(
  z.preprocess((written) => typeof written === "string" ? [written] : written, templates),
  { either: [template, templates] },
);

/** Changes of a request's header on its way to a server. */
export const requestEditsSchema = editsSchema(IN_REQUESTS);

/** Changes of an answer's header on its way to the client. */
export const answerEditsSchema = editsSchema(IN_ANSWERS);

/** Header fields that stand in place of all that the client sent. */
export const replacedHeadersSchema = headerLines(IN_REQUESTS);

/** One or more values for each header that is none of `own`. */
export function headerLines(own: ReservedNames) {
  return headerTable(values, own);
}

/** Changes of a header: what is removed, then what is put in place of what is there, then what is added to it. */
export type HeaderEditsConfig = Frozen<z.output<typeof requestEditsSchema>>;

/** Values of fields by their names as they are written. */
export type HeaderLines = HeaderEditsConfig["set"];

function editsSchema(own: ReservedNames) {
  return section({
    /** Values in place of what is there, by name. @example { X-Scheme = "{scheme}" } */
    set: headerLines(own).prefault({}),
    /** Further values, by name. @example { X-Route = ["a", "b"] } */
    add: headerLines(own).prefault({}),
    /** Names of what is taken out, before anything is put in. */
    remove: z.array(headerName(own), wants("a list of header names")).prefault([]),
  });
}
