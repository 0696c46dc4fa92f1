import type { Buffer } from "node:buffer";
import { ProxyError } from "../base/errors.ts";
import { formatSize } from "../base/units.ts";
import { readAuthority } from "../http/authority.ts";
import { TARGET, TOKEN } from "../http/chars.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { type Framing, NO_BODY, requestFraming } from "../http/framing.ts";
import { checkConnection } from "../http/hop-by-hop.ts";
import { areBytesOf, isTextAt, latin1 } from "../http/latin1.ts";
import { parseTarget, type RequestTarget, sameAuthority } from "../http/request-target.ts";
import { Decoder } from "./decoder.ts";
import type { HeadReader } from "./head-reader.ts";
import type { CodecLimits } from "../http/head-limits.ts";

const SP = 0x20;

/** Characters of a target that is kept. */
const MAX_REMEMBERED = 256;

/** The head of a request, as received and found to be sound. */
export interface RequestHead {
  readonly method: string;
  readonly target: RequestTarget;
  /** 0 or 1: the minor version of HTTP/1. */
  readonly minorVersion: 0 | 1;
  readonly fields: Fields;
  readonly framing: Framing;
  /** `host[:port]` that the request is for: of an absolute target, else of Host; empty in HTTP/1.0 without one. */
  readonly authority: string;
}

/** A head whose parts could be told apart, but that is not sound. */
export type RefusedHead = Pick<RequestHead, "method" | "minorVersion" | "fields"> & {
  readonly target: string;
};

/**
 * Decodes requests, the server's side of RFC 9112. Strict: what two programs could read in two ways is refused
 * with the status of the error's kind, and nothing is repaired.
 */
export class RequestDecoder extends Decoder<RequestHead> {
  #skipped = 0;
  #refused: RefusedHead | undefined;

  readonly #ignoresHost: boolean;
  /** What Host named the last time. */
  #lastHost: string | undefined;
  /** The last target that is a path. */
  #lastTarget: RequestTarget | undefined;

  /** `ignoresHost`: Host counts for nothing where the target names the host, as RFC 9112 §3.2.2 has it for proxies. */
  constructor(limits: CodecLimits, ignoresHost = false) {
    super({
      limits,
      blame: "bad_request",
      tooLarge: "headers_too_large",
      startLineTooLong: "target_too_long",
      hasStartLine: true,
    });
    this.#ignoresHost = ignoresHost;
  }

  /** What is known of a head that was complete and was refused. */
  get refused(): RefusedHead | undefined {
    return this.#refused;
  }

  protected parse({ bytes, begin, startLineEnd }: HeadReader, fields: Fields): RequestHead {
    this.#skipped = 0;
    const first = blankIn(bytes, begin, startLineEnd);
    const second = blankIn(bytes, first + 1, startLineEnd);
    if (first === begin || second >= startLineEnd) {
      throw new ProxyError("bad_request", "The request line has not three parts");
    }
    const method = methodAt(bytes, begin, first);
    if (method === undefined) throw new ProxyError("bad_request", "The method is no token");
    const minorVersion = minorVersionAt(bytes, second + 1, startLineEnd);
    const known = this.#knownTarget(method, bytes, first + 1, second);
    const rawTarget = known?.path ?? latin1(bytes, first + 1, second);
    if (rawTarget.length > this.limits.targetSize) {
      throw new ProxyError(
        "target_too_long",
        `The request target is longer than target_size (${formatSize(this.limits.targetSize)})`,
      );
    }
    if (known === undefined && !areBytesOf(TARGET, bytes, first + 1, second)) {
      throw new ProxyError("bad_request", "A bad byte in the request target");
    }
    try {
      const target = known ?? this.#newTarget(method, rawTarget);
      return this.#soundHead(method, target, minorVersion, fields);
    } catch (error) {
      this.#refused = { method, target: rawTarget, minorVersion, fields };
      throw error;
    }
  }

  /** The target that stands there, where it is the last one: what polls asks the same again and again. */
  #knownTarget(method: string, bytes: Buffer, from: number, to: number): RequestTarget | undefined {
    const last = this.#lastTarget;
    if (last === undefined || method === "CONNECT") return undefined;
    return isTextAt(last.path, bytes, from, to) ? last : undefined;
  }

  #newTarget(method: string, rawTarget: string): RequestTarget {
    const target = parseTarget(method, rawTarget);
    if (target.form === "origin" && rawTarget.length <= MAX_REMEMBERED) this.#lastTarget = target;
    return target;
  }

  /** The head of parts that are sound each for itself. */
  #soundHead(method: string, target: RequestTarget, minorVersion: 0 | 1, fields: Fields): RequestHead {
    const authority = this.#authorityOf(fields, minorVersion, target);
    const framing = requestFraming(fields, minorVersion);
    // RFC 9110 §9.3.6 gives the content of a CONNECT no meaning, so nobody can say what such bytes are.
    if (method === "CONNECT" && framing !== NO_BODY) {
      throw new ProxyError("bad_request", "CONNECT with a body");
    }
    checkConnection(fields, this.blame);
    return { method, target, minorVersion, fields, framing, authority };
  }

  /** RFC 9112 §3.2: 400 for a missing (in HTTP/1.1), a repeated or a bad Host, and for one that the target contradicts. */
  #authorityOf(fields: Fields, minorVersion: number, target: RequestTarget): string {
    const host = this.#hostOf(fields);
    if (host === undefined && minorVersion === 1) throw new ProxyError("bad_request", "Host is missing");
    if (target.authority === undefined) return host ?? "";
    const differs = host !== undefined && target.scheme !== undefined &&
      !sameAuthority(host, target.authority, target.scheme);
    if (differs && !this.#ignoresHost) {
      throw new ProxyError("bad_request", "Host and the request target name different hosts");
    }
    return target.authority;
  }

  /** What Host names. A client asks the same host again and again, so its text is made once. */
  #hostOf(fields: Fields): string | undefined {
    const line = fields.lineOf(ROLE.host);
    if (line === -1) return undefined;
    for (let i = line + 1; i < fields.size; i++) {
      if (fields.kinds[i]!.role === ROLE.host) throw new ProxyError("bad_request", "Host is repeated");
    }
    if (this.#lastHost !== undefined && fields.valueIs(line, this.#lastHost)) return this.#lastHost;
    const host = readAuthority(fields.value(line));
    if (host === undefined) throw new ProxyError("bad_request", "Host is not host or host:port");
    if (!fields.valueIs(line, host)) fields.setValue(line, host); // whoever reads the field sees what everybody else sees
    return this.#lastHost = host;
  }

  protected framing(head: RequestHead): Framing {
    return head.framing;
  }

  /** One empty line before a request line is passed over (RFC 9112 §2.2), in one piece or two. */
  protected override skip(chunk: Buffer, at: number): number {
    while (at < chunk.length && this.#skipped < 2 && chunk[at] === (this.#skipped === 0 ? 0x0d : 0x0a)) {
      this.#skipped++;
      at++;
    }
    if (this.#skipped === 1 && at < chunk.length) throw new ProxyError("bad_request", "A bare CR");
    return at;
  }
}

/** The methods of nearly all requests. */
const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/** The method that stands there, or undefined where it is no token. */
function methodAt(bytes: Buffer, from: number, to: number): string | undefined {
  for (let i = 0; i < METHODS.length; i++) if (isTextAt(METHODS[i]!, bytes, from, to)) return METHODS[i]!;
  return areBytesOf(TOKEN, bytes, from, to) ? latin1(bytes, from, to) : undefined;
}

function minorVersionAt(bytes: Buffer, from: number, to: number): 0 | 1 {
  if (isTextAt("HTTP/1.1", bytes, from, to)) return 1;
  if (isTextAt("HTTP/1.0", bytes, from, to)) return 0;
  throw refusedVersion(latin1(bytes, from, to));
}

/** Where the next blank stands before `to`, else `to`. */
function blankIn(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== SP) at++;
  return at;
}

/** RFC 9110 §15.6.6: 505 for a version that is one but not ours; what is no version at all is a bad request. */
function refusedVersion(version: string): ProxyError {
  const known = /^HTTP\/\d\.\d$/.test(version) && version !== "HTTP/0.9";
  return new ProxyError(
    known ? "version_unsupported" : "bad_request",
    "The version is neither HTTP/1.0 nor HTTP/1.1",
  );
}
