import { Buffer } from "node:buffer";
import { ProxyError } from "../base/errors.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import { RequestDecoder, type RequestHead } from "../http1/request-decoder.ts";
import type { Framing } from "../http/framing.ts";
import { normalIp } from "../http/ip.ts";
import type { BodySource } from "../message/body.ts";
import { StreamSource } from "../message/body-stream.ts";
import { Exchange } from "../message/exchange.ts";
import { IncomingRequest } from "../message/incoming-request.ts";

/** A request in words, as a client would send it. */
export interface DescribedRequest {
  readonly method: string;
  /** An address, or in CONNECT a host with its port. */
  readonly url: string;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /** Address of the client; default this machine. */
  readonly from?: string | undefined;
  /** 0 for a request in HTTP/1.0, which need not say a host; default 1. */
  readonly minorVersion?: 0 | 1 | undefined;
}

/** What a request may have. */
interface ReadLimits extends CodecLimits {
  readonly bodySize?: number | undefined;
}

const THIS_MACHINE = "127.0.0.1";

/**
 * Address of the connection on which the request comes; empty for a unix socket.
 * @throws {RangeError} where what is said is no address.
 */
export function peerOf({ from = THIS_MACHINE }: DescribedRequest): string {
  if (from === "unix") return "";
  if (normalIp(from) !== undefined) return from;
  throw new RangeError(`"${from}" is no address; accepted: an address such as "192.0.2.7", or "unix"`);
}

/** The head of a request as bytes, as clients of `mode` send it: Host first, where there is none among the headers. */
export function headOf(
  { method, url, headers = [], minorVersion = 1 }: DescribedRequest,
  mode: FrontendConfig["mode"],
): string {
  // A line end in one of them would begin another line, or another request.
  const texts = [method, url, ...headers.flat()];
  if (texts.some((text) => /[\r\n]/.test(text))) throw new RangeError("a line end stands in the request");
  const [, authority = "", rest = ""] = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url) ??
    (method === "CONNECT" ? ["", url] : ["", "localhost", url]);
  const path = rest === "" ? "/" : rest.startsWith("?") ? `/${rest}` : rest;
  const target = method === "CONNECT" ? authority : mode === "relay" && /^https?:/i.test(url) ? url : path;
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  if (minorVersion === 1 && !headers.some(([name]) => name.toLowerCase() === "host")) {
    lines.unshift(`Host: ${authority}\r\n`);
  }
  return `${method} ${target} HTTP/1.${minorVersion}\r\n${lines.join("")}\r\n`;
}

/**
 * The request as the engine would hand it over, read by the same decoder.
 * @throws {ProxyError} where the engine would refuse it.
 */
export function readRequest(
  head: string,
  { from = THIS_MACHINE, secure = false, mode, limits }: {
    from?: string | undefined;
    secure?: boolean;
    mode: FrontendConfig["mode"];
    limits: ReadLimits;
  },
): IncomingRequest {
  const decoder = new RequestDecoder(limits, mode === "relay");
  decoder.push(Buffer.from(head, "latin1"));
  if (decoder.next() !== "head") throw new ProxyError("bad_request", "The head of the request is not whole");
  return toIncoming(decoder.head, { from, secure, limits });
}

function toIncoming(
  head: RequestHead,
  { from, secure, limits }: { from: string; secure: boolean; limits: ReadLimits },
): IncomingRequest {
  const { framing } = head;
  if (framing.kind === "length" && framing.length > (limits.bodySize ?? Infinity)) {
    throw new ProxyError("body_too_large", "The request body is larger than body_size");
  }
  const peer = from === "unix"
    ? { address: "", port: 0, secure, unix: true }
    : { address: from, port: 0, secure };
  const exchange = new Exchange(peer, {
    method: head.method,
    target: head.target.path || head.authority,
    authority: head.authority,
    minorVersion: head.minorVersion,
    startedAt: performance.now(),
    fields: head.fields,
  }, { inform() {} });
  return new IncomingRequest(head, exchange, bodyOf(framing));
}

/** Stands for a body that never comes: only what a head says of it counts. */
function bodyOf(framing: Framing): BodySource | null {
  if (framing.kind === "length" && framing.length === 0) return null;
  return new StreamSource(new ReadableStream(), framing.kind === "length" ? framing.length : undefined);
}
