import type { HeaderEditsConfig, HeaderLines } from "../config/sections/header-edits.ts";
import type { RewriteCookies, RewriteLocation } from "../config/sections/rewrites.ts";
import { type FieldName, ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import type { DropsField } from "../http1/encode.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { compileClientPath } from "./client-path.ts";
import type { IdentityPolicy } from "./identity.ts";
import { compileCookie } from "./rewrite-cookie.ts";
import { type AnsweringServer, compileLocation } from "./rewrite-location.ts";
import { compilePrefix, compileTarget, type TargetEdits } from "./target.ts";
import { droppedTrailers } from "./trailers.ts";
import { compileTemplate, type Fill } from "./template.ts";

/** How a request is changed on its way to a server, and its answer on the way back. */
export interface Shape {
  /** What becomes of the target; undefined where it stays. */
  readonly target?: ((target: string) => string) | undefined;
  /** What it takes off the front of a path, where it takes something. */
  readonly prefix?: ((target: string) => string | undefined) | undefined;
  /** Method in place of the client's. */
  readonly method?: string | undefined;
  /** Body in place of the client's. */
  readonly body?: Uint8Array | undefined;
  readonly request?: RequestEdits | undefined;
  /** Turns addresses and cookies that are right for the server into the client's, in place. */
  readonly rewrite?: RewriteAnswer | undefined;
  readonly answer?: ((fields: Fields, request: IncomingRequest) => void) | undefined;
  /** Which trailer fields of an answer are left out: those that `answer` would take out of its head. */
  readonly dropsTrailer?: DropsField | undefined;
  /** Time to the head of the answer, in ms, in place of the backend's; 0 is no limit. */
  readonly responseMs?: number | undefined;
  /** Time between two pieces of a body, in ms, in place of the backend's; 0 is no limit. */
  readonly idleMs?: number | undefined;
  /** Silence of an event stream, in ms, in which the client gets a comment; 0 is never. */
  readonly heartbeatMs?: number | undefined;
}

/** Changes the fields of an answer of `server`, in place. */
type RewriteAnswer = (fields: Fields, request: IncomingRequest, server: AnsweringServer) => void;

/** How the fields of a request are changed. */
export interface RequestEdits {
  /** Whether a field of the client's is left out. */
  drops(kind: FieldName): boolean;
  /** The same for a trailer field, and for those that every frontend leaves out. */
  readonly dropsTrailer: DropsField;
  /** Field lines to add. */
  lines(request: IncomingRequest): string;
  /** Whether nothing is added about the client. */
  readonly bare: boolean;
}

/** What a shape is made of, as the config or a caller says it. */
export interface ShapeParts extends TargetEdits {
  readonly method?: string | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly requestHeaders?: HeaderEditsConfig | undefined;
  /** All the fields that a server gets besides those that frame the message. */
  readonly overrideHeaders?: HeaderLines | undefined;
  readonly responseHeaders?: HeaderEditsConfig | undefined;
  /** What becomes of the addresses in answers, and of their cookies; nothing where nothing is said. */
  readonly rewriteLocation?: RewriteLocation | undefined;
  readonly rewriteCookies?: RewriteCookies | undefined;
  readonly responseTimeout?: number | undefined;
  readonly idleTimeout?: number | undefined;
  readonly heartbeat?: number | undefined;
}

/** The shape that `parts` ask for; undefined where they ask for none, so that most requests pay nothing. */
export function compileShape(parts: ShapeParts, policy: IdentityPolicy): Shape | undefined {
  const { body } = parts;
  const shape: Shape = {
    target: compileTarget(parts),
    prefix: compilePrefix(parts),
    method: parts.method,
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    request: compileRequestEdits(parts, policy),
    rewrite: compileRewrite(parts),
    answer: compileAnswerEdits(parts.responseHeaders, policy),
    dropsTrailer: compileAnswerTrailers(parts.responseHeaders),
    responseMs: parts.responseTimeout,
    idleMs: parts.idleTimeout,
    heartbeatMs: parts.heartbeat,
  };
  return Object.values(shape).every((part) => part === undefined) ? undefined : shape;
}

function compileRequestEdits(
  { requestHeaders = NO_EDITS, overrideHeaders, body }: ShapeParts,
  policy: IdentityPolicy,
): RequestEdits | undefined {
  if (overrideHeaders !== undefined) {
    const lines = compileLines([overrideHeaders, requestHeaders.set, requestHeaders.add], policy);
    // Without Sec-WebSocket-* an upgrade would fail; without Via and CDN-Loop nobody would notice a loop.
    const drops: DropsField = ({ lower, role }) =>
      !lower.startsWith("sec-websocket-") && role !== ROLE.via && role !== ROLE.cdnLoop;
    return { drops, dropsTrailer: () => true, lines: toText(lines), bare: true };
  }
  const ofBody = body === undefined ? [] : OF_BODY;
  if (isEmpty(requestHeaders) && ofBody.length === 0) return undefined;
  const { set, add } = requestHeaders;
  const dropped = new Set([...droppedBy(requestHeaders), ...ofBody]);
  const lines = compileLines([set, add], policy);
  const drops: DropsField = ({ lower }) => dropped.has(lower);
  const always = droppedTrailers(policy);
  const dropsTrailer: DropsField = always === undefined ? drops : (kind) => drops(kind) || always(kind);
  return { drops, dropsTrailer, lines: toText(lines), bare: false };
}

function compileRewrite(parts: ShapeParts): RewriteAnswer | undefined {
  const paths = compileClientPath(parts);
  const ofLocation = compileLocation(parts.rewriteLocation ?? "off", paths);
  const ofCookie = compileCookie(parts.rewriteCookies ?? "off", paths);
  if (ofLocation === undefined && ofCookie === undefined) return undefined;
  return (fields, request, server) => {
    if (ofLocation !== undefined && fields.mayHave(ROLE.location)) {
      fields.mapValues(ROLE.location, (value, kind) => ofLocation(value, kind, request, server));
    }
    if (ofCookie !== undefined && fields.mayHave(ROLE.setCookie)) {
      fields.mapValues(ROLE.setCookie, (value) => ofCookie(value, request, server));
    }
  };
}

function compileAnswerEdits(edits: HeaderEditsConfig | undefined, policy: IdentityPolicy): Shape["answer"] {
  if (edits === undefined || isEmpty(edits)) return undefined;
  const dropped = droppedBy(edits);
  const lines = compileLines([edits.set, edits.add], policy);
  return (fields, request) => {
    if (dropped.size > 0) fields.removeWhere(({ lower }) => dropped.has(lower));
    for (const [name, fill] of lines) fields.append(name, fill(request));
  };
}

function compileAnswerTrailers(edits: HeaderEditsConfig | undefined): DropsField | undefined {
  const dropped = edits === undefined ? undefined : droppedBy(edits);
  return dropped === undefined || dropped.size === 0 ? undefined : ({ lower }) => dropped.has(lower);
}

/** What a client says of a body that is not sent. */
const OF_BODY = ["content-encoding", "content-range", "content-md5", "content-digest", "digest", "expect"];

const NO_EDITS: HeaderEditsConfig = { set: {}, add: {}, remove: [] };

function isEmpty({ set, add, remove }: HeaderEditsConfig): boolean {
  return Object.keys(set).length + Object.keys(add).length + remove.length === 0;
}

/** What is set stands in place of what is there. */
function droppedBy({ set, remove }: HeaderEditsConfig): ReadonlySet<string> {
  return new Set([...Object.keys(set), ...remove].map((name) => name.toLowerCase()));
}

/** Names of fields and what fills their values, in the order of `tables`. */
export function compileLines(
  tables: readonly HeaderLines[],
  policy: IdentityPolicy,
): readonly [string, Fill][] {
  return tables.flatMap((table) => Object.entries(table)).flatMap(([name, values]) =>
    values.map((value): [string, Fill] => [name, compileTemplate(value, policy)])
  );
}

function toText(lines: readonly [string, Fill][]): (request: IncomingRequest) => string {
  return (request) => {
    let text = "";
    for (const [name, fill] of lines) text += `${name}: ${fill(request)}\r\n`;
    return text;
  };
}
