import type { Buffer } from "node:buffer";
import { ProxyError } from "../base/errors.ts";
import { formatSize } from "../base/units.ts";
import { readAuthority } from "../http/authority.ts";
import { consistsOf, isToken, TARGET } from "../http/chars.ts";
import { ROLE } from "../http/field-name.ts";
import type { Fields } from "../http/fields.ts";
import { type Framing, NO_BODY, requestFraming } from "../http/framing.ts";
import { checkConnection } from "../http/hop-by-hop.ts";
import { parseTarget, type RequestTarget, sameAuthority } from "../http/request-target.ts";
import { Decoder } from "./decoder.ts";
import type { CodecLimits } from "../http/limits.ts";

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

  protected parse(startLine: string, fields: Fields): RequestHead {
    this.#skipped = 0;
    const first = startLine.indexOf(" ");
    const second = startLine.indexOf(" ", first + 1);
    if (first < 1 || second === -1) {
      throw new ProxyError("bad_request", "The request line has not three parts");
    }
    const method = startLine.slice(0, first);
    const rawTarget = startLine.slice(first + 1, second);
    const version = startLine.slice(second + 1);
    if (!isToken(method)) throw new ProxyError("bad_request", "The method is no token");
    if (version !== "HTTP/1.1" && version !== "HTTP/1.0") throw refusedVersion(version);
    if (rawTarget.length > this.limits.targetSize) {
      throw new ProxyError(
        "target_too_long",
        `The request target is longer than target_size (${formatSize(this.limits.targetSize)})`,
      );
    }
    if (!consistsOf(rawTarget, TARGET)) {
      throw new ProxyError("bad_request", "A bad byte in the request target");
    }
    const minorVersion = version === "HTTP/1.1" ? 1 : 0;
    this.#refused = { method, target: rawTarget, minorVersion, fields };
    const target = parseTarget(method, rawTarget);
    const authority = authorityOf(fields, minorVersion, { target, ignoresHost: this.#ignoresHost });
    const framing = requestFraming(fields, minorVersion);
    // RFC 9110 §9.3.6 gives the content of a CONNECT no meaning, so nobody can say what such bytes are.
    if (method === "CONNECT" && framing !== NO_BODY) {
      throw new ProxyError("bad_request", "CONNECT with a body");
    }
    checkConnection(fields, this.blame);
    this.#refused = undefined;
    return { method, target, minorVersion, fields, framing, authority };
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

/** RFC 9110 §15.6.6: 505 for a version that is one but not ours; what is no version at all is a bad request. */
function refusedVersion(version: string): ProxyError {
  const known = /^HTTP\/\d\.\d$/.test(version) && version !== "HTTP/0.9";
  return new ProxyError(
    known ? "version_unsupported" : "bad_request",
    "The version is neither HTTP/1.0 nor HTTP/1.1",
  );
}

/** RFC 9112 §3.2: 400 for a missing (in HTTP/1.1), a repeated or a bad Host, and for one that the target contradicts. */
function authorityOf(
  fields: Fields,
  minorVersion: number,
  { target, ignoresHost }: { target: RequestTarget; ignoresHost: boolean },
): string {
  let host: string | undefined;
  for (let i = 0; i < fields.kinds.length; i++) {
    if (fields.kinds[i]!.role !== ROLE.host) continue;
    if (host !== undefined) throw new ProxyError("bad_request", "Host is repeated");
    host = readAuthority(fields.values[i]!);
    if (host === undefined) throw new ProxyError("bad_request", "Host is not host or host:port");
    fields.values[i] = host; // whoever reads the field sees what everybody else sees
  }
  if (host === undefined && minorVersion === 1) throw new ProxyError("bad_request", "Host is missing");
  if (target.authority === undefined) return host ?? "";
  const differs = host !== undefined && target.scheme !== undefined &&
    !sameAuthority(host, target.authority, target.scheme);
  if (differs && !ignoresHost) {
    throw new ProxyError("bad_request", "Host and the request target name different hosts");
  }
  return target.authority;
}
