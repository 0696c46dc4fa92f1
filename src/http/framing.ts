import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import { consistsOf, DIGIT, isToken } from "./chars.ts";
import { ROLE } from "./field-name.ts";
import { listMembers } from "./list.ts";
import type { Fields } from "./fields.ts";

/** How the end of a message body is found: by a length, by chunks, or by the end of the connection. */
export type Framing = { readonly kind: "length"; readonly length: number } | { readonly kind: "chunked" } | {
  readonly kind: "close";
};

export const NO_BODY: Framing = { kind: "length", length: 0 };
const CHUNKED: Framing = { kind: "chunked" };
const UNTIL_CLOSE: Framing = { kind: "close" };

/**
 * Framing of a request (RFC 9112 §6.3).
 *
 * Whatever two programs could read in two ways is refused: Content-Length together with Transfer-Encoding,
 * more than one Content-Length, any coding but a single `chunked`, Transfer-Encoding on HTTP/1.0.
 * @throws {ProxyError} `bad_request`, or `coding_unsupported` for a coding nobody here understands.
 */
export function requestFraming(fields: Fields, minorVersion: number): Framing {
  return declaredFraming(fields, minorVersion, "bad_request") ?? NO_BODY;
}

/**
 * Framing of an answer to `method` (RFC 9112 §6.3).
 * @throws {ProxyError} `upstream_invalid` under the same rules as for requests.
 */
export function responseFraming(
  fields: Fields,
  { status, minorVersion, method }: { status: number; minorVersion: number; method: string },
): Framing {
  // RFC 9112 §6.3: what a 2xx to CONNECT declares means nothing; the tunnel begins after its head.
  if (method === "CONNECT" && status >= 200 && status < 300) return NO_BODY;
  const declared = declaredFraming(fields, minorVersion, "upstream_invalid");
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return NO_BODY;
  return declared ?? UNTIL_CLOSE;
}

/** The Content-Length that `fields` declare, where it is a number. */
export function declaredLength(fields: Fields): number | undefined {
  const line = fields.lineOf(ROLE.contentLength);
  if (line === -1) return undefined;
  const length = Number(fields.value(line));
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

function declaredFraming(fields: Fields, minorVersion: number, blame: ProxyErrorKind): Framing | undefined {
  if (!fields.mayHave(ROLE.contentLength) && !fields.mayHave(ROLE.transferEncoding)) return undefined;
  let lengthLine = -1;
  let coding: string | undefined;
  for (let i = 0; i < fields.kinds.length; i++) {
    const role = fields.kinds[i]!.role;
    if (role === ROLE.contentLength) {
      if (lengthLine !== -1) throw new ProxyError(blame, "Content-Length is repeated");
      lengthLine = i;
    } else if (role === ROLE.transferEncoding) {
      if (coding !== undefined) throw new ProxyError(blame, "Transfer-Encoding is repeated");
      coding = fields.value(i);
    }
  }
  if (coding !== undefined) {
    if (lengthLine !== -1) {
      throw new ProxyError(blame, "Content-Length and Transfer-Encoding are both there");
    }
    if (minorVersion === 0) throw new ProxyError(blame, "Transfer-Encoding in an HTTP/1.0 message");
    checkCoding(coding, blame);
    return CHUNKED;
  }
  if (lengthLine === -1) return undefined;
  const length = lengthAt(fields, lengthLine);
  if (!Number.isSafeInteger(length)) throw new ProxyError(blame, "Content-Length is not a number in range");
  return length === 0 ? NO_BODY : { kind: "length", length };
}

/** The value of a line as a number; NaN where it holds anything but digits. */
function lengthAt(fields: Fields, line: number): number {
  const number = fields.numberOf(line);
  if (number !== -1) return number;
  const text = fields.value(line);
  return consistsOf(text, DIGIT) ? Number(text) : NaN;
}

function checkCoding(coding: string, blame: ProxyErrorKind): void {
  if (coding === "chunked" || coding.toLowerCase() === "chunked") return;
  const unsupported = blame === "bad_request" ? "coding_unsupported" : blame;
  const codings = listMembers(coding);
  // RFC 9112 §6.1: 501 for a coding that is not understood; §6.3: 400 where chunked is not the last, once.
  const others = codings.at(-1) === "chunked" ? codings.slice(0, -1) : codings.length === 1 ? codings : [];
  const isCoding = (name: string) => isToken(name) && name !== "chunked" && name !== "identity";
  const foreign = others.length > 0 && others.every(isCoding);
  throw new ProxyError(foreign ? unsupported : blame, "Transfer-Encoding is not a single `chunked`");
}
