import { fieldName, ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { hasConnectionOption, nominatedNames, takesTrailers } from "../http/hop-by-hop.ts";
import { announcedTrailers, type DropsField, fieldLine } from "../http1/encode.ts";
import type { Output } from "../http1/output.ts";
import { oneHopOn } from "../http/max-forwards.ts";
import type { BodySource } from "../message/body.ts";
import { climbs, pathOf } from "../http/path.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { ExchangeTrace } from "../message/trace.ts";
import { believesXForwarded, type IdentityPolicy, isIdentity } from "./identity.ts";
import { writeLastLines } from "./last-lines.ts";
import type { RequestEdits } from "./shape.ts";
import { leavesFolder } from "./target.ts";
import { droppedTrailersOf } from "./trailers.ts";
import { Reported } from "./x-forwarded.ts";

/** What the head for a server is made of besides the client's request, whichever server it is. */
export interface HeadParts {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: Fields;
  readonly body: BodySource | null;
  readonly policy: IdentityPolicy;
  /** The protocol to ask for, or undefined for plain HTTP. */
  readonly upgrade: string | undefined;
  /** What a route changes of the fields. */
  readonly edits: RequestEdits | undefined;
  /** What was taken off the front of the client's path, or undefined. */
  readonly prefix: string | undefined;
  /** What Via calls this proxy; false where none is sent. */
  readonly via: string | false;
}

const TRACEPARENT = fieldName("traceparent");

/** What of the head depends on the server. */
export interface Destination {
  /** Value of Proxy-Authorization, where the server is a proxy that asks for it. */
  readonly authorization: string | undefined;
  /** `host[:port]` for Host: the client's, or the server's own where that is asked for or there is no other. */
  readonly host: string;
  readonly basePath: string;
}

/**
 * Writes the head that goes to a server: everything end-to-end as it came, in its order, case and repetitions;
 * what was for the client's connection only is left out (RFC 9110 §7.6.1); and what tells the server about the
 * client comes last, so that nothing the client sent can remove or replace it.
 */
export function writeRequestHead(
  output: Output,
  request: IncomingRequest,
  parts: HeadParts,
  { host, basePath, authorization }: Destination,
): void {
  const { fields, body, target, edits } = parts;
  const { kinds } = fields;
  const dropsAliases = parts.policy.aliases !== "keep";
  const { transparent } = parts.policy;
  const { ownFields } = request.exchange;
  const nominated = nominatedNames(fields.connection);
  const reported = new Reported();
  const trace = tracePassedOn(request, parts);
  let lengthSent = false;
  let hostSent = false;
  let wantsTrailers = false;
  output.text(parts.method);
  output.text(" ");
  if (target !== "*") output.text(basePath);
  output.text(target);
  output.text(" HTTP/1.1\r\n");
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i]!;
    const { role } = kind;
    if (role !== ROLE.none) {
      if (role === ROLE.host) {
        writeLine(output, fields, i, host);
        hostSent = true;
        continue;
      }
      if (role === ROLE.contentLength) {
        if (body !== null && body.length === undefined) continue;
        writeLine(output, fields, i, String(body?.length ?? 0));
        lengthSent = true;
        continue;
      }
      if (role === ROLE.te) {
        wantsTrailers ||= edits?.bare !== true && takesTrailers(fields.value(i));
        continue;
      }
      if (role === ROLE.trailer) {
        const announced = keepsTrailers(body)
          ? sentTrailers(fields.value(i), droppedTrailersOf(request, parts), nominated)
          : undefined;
        if (announced !== undefined) writeLine(output, fields, i, announced);
        continue;
      }
      if (trace !== undefined) {
        if (role === ROLE.traceparent || (role === ROLE.tracestate && !trace.goesOn)) continue;
      }
      if (isIdentity(role) && !transparent) {
        if (role !== ROLE.forwardedOther) {
          reported.note(role, fields.value(i));
          continue;
        }
        if (!believesXForwarded(request, parts.policy) && ownFields?.(kind) !== true) continue;
        if (reported.noteOther(kind, fields.value(i), parts.prefix !== undefined)) continue;
      }
    }
    if (kind.hopByHop || (dropsAliases && kind.alias && ownFields?.(kind) !== true)) continue;
    if (nominated !== undefined && nominated.has(kind.lower)) continue;
    if (edits !== undefined && edits.drops(kind)) continue;
    if (role === ROLE.maxForwards && request.method === "OPTIONS") {
      writeLine(output, fields, i, oneHopOn(fields.value(i)));
    } else output.line(fields, i);
  }
  if (!hostSent) output.text(fieldLine("Host", host));
  if (body !== null && !lengthSent) {
    output.text(
      body.length === undefined
        ? "Transfer-Encoding: chunked\r\n"
        : "Content-Length: " + body.length + "\r\n",
    );
  }
  if (parts.upgrade !== undefined) output.text("Connection: Upgrade\r\nUpgrade: " + parts.upgrade + "\r\n");
  // An HTTP/1.0 client has no chunks to get them in.
  else if (wantsTrailers && request.head.minorVersion === 1) {
    output.text("Connection: TE\r\nTE: trailers\r\n");
  }
  if (authorization !== undefined) output.text(fieldLine("Proxy-Authorization", authorization));
  trace?.writeTraceparent(output);
  if (edits !== undefined) output.text(edits.lines(request));
  writeLastLines(output, request, transparent || edits?.bare === true ? undefined : reported, parts);
  output.text("\r\n");
}

/**
 * The trace that the server is to hear of; undefined where the fields go on as they came. A route that sets or removes
 * traceparent has the last word. What is for others than servers of ours learns of no trace that its client knows nothing of.
 */
function tracePassedOn(
  { exchange: { trace } }: IncomingRequest,
  { edits, policy }: HeadParts,
): ExchangeTrace | undefined {
  if (trace === undefined || (policy.transparent && !trace.goesOn)) return undefined;
  return edits?.drops(TRACEPARENT) === true ? undefined : trace;
}

/** Throws a ProxyError where the path of `target` would leave the server's base path. */
export function checkBasePath(basePath: string, target: string): void {
  if (basePath !== "" && climbs(pathOf(target))) throw leavesFolder("the base path of its server");
}

/** Writes a line of `fields` with `value` in place of its own, which it may be. */
function writeLine(output: Output, fields: Fields, line: number, value: string): void {
  if (fields.valueIs(line, value)) output.line(fields, line);
  else output.text(fieldLine(fields.name(line), value));
}

/** The value of Trailer with those of the announced fields that go on; undefined where none does. */
function sentTrailers(
  value: string,
  drops: DropsField | undefined,
  nominated: ReadonlySet<string> | undefined,
): string | undefined {
  if (nominated?.has("trailer") === true) return undefined;
  return announcedTrailers(
    value,
    (kind) => nominated?.has(kind.lower) === true || drops?.(kind) === true,
  );
}

/** Whether trailer fields that a client announces go on behind its body. */
function keepsTrailers(body: BodySource | null): boolean {
  return body !== null && body.length === undefined && body.losesTrailers !== true;
}

/** The protocol that a request asks to switch to, or undefined. */
export function requestedUpgrade(
  request: IncomingRequest,
  fields: Fields,
  body: unknown,
): string | undefined {
  // RFC 9110 §7.8 lets a server ignore Upgrade. With a body behind it two programs may disagree where the
  // protocol changes, and HTTP/2 or TLS would carry requests past every rule of this proxy: all go on as plain HTTP.
  if (body !== null || request.head.minorVersion === 0 || request.method === "HEAD") return undefined;
  if (!fields.mayHave(ROLE.upgrade) || !(request.exchange.peer.handsOver ?? true)) return undefined;
  const upgrade = fields.get("upgrade");
  if (upgrade === undefined || /(?:^|[\s,])(?:h2|http\/|tls)/i.test(upgrade)) return undefined;
  return hasConnectionOption(fields.connection, "upgrade") ? upgrade : undefined;
}
