import { Buffer } from "node:buffer";
import type { Fields } from "../http/fields.ts";
import { ROLE } from "../http/field-name.ts";
import { announcedTrailers, type DropsField, fieldLine } from "../http1/encode.ts";
import type { HeadSource, Output } from "../http1/output.ts";
import type { AddedLines } from "../message/added-lines.ts";

/** The line of nearly all answers. */
const OK = Buffer.from("HTTP/1.1 200 OK\r\n", "latin1");

/** How the body of an answer goes out. */
export type Delivery = "none" | "length" | "chunked" | "close";

/** What decides the head and framing of an answer. */
export interface HeadInput {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  /** Lines to write behind them. */
  readonly lastLines?: Buffer | undefined;
  /** And some more. */
  readonly added?: readonly AddedLines[] | undefined;
  /** Length of the body where it is known; undefined for an unknown one. */
  readonly length: number | undefined;
  readonly hasBody: boolean;
  /** Whether trailer fields that the body brings go out after it, where it goes out in chunks. */
  readonly keepsTrailers: boolean;
  /** Which of them are left out, beside those that may not stand there. */
  readonly dropsTrailer: DropsField | undefined;
  readonly method: string;
  readonly minorVersion: 0 | 1;
  /** Whether the connection stays open. */
  readonly keepAlive: boolean;
}

/**
 * The head of a final answer, and its framing (RFC 9112 §6.3): no body for HEAD, 204 and 304 (Content-Length stays with
 * HEAD and 304, where it says what a GET would bring); a known length as such; else chunks, which an HTTP/1.0 client does
 * not know and gets the end of the connection instead.
 */
export class ResponseHeadSource implements HeadSource {
  readonly delivery: Delivery;
  readonly #input: HeadInput;

  constructor(input: HeadInput) {
    this.#input = input;
    this.delivery = deliveryOf(input);
  }

  writeHead(output: Output): void {
    const input = this.#input;
    const { delivery } = this;
    const { status, reason, fields, minorVersion } = input;
    if (status === 200 && reason === "OK") output.bytes(OK);
    else output.text("HTTP/1.1 " + status + " " + reason + "\r\n");
    let dated = false;
    let declared = false;
    for (let i = 0; i < fields.size; i++) {
      const { role, hopByHop, lower } = fields.kinds[i]!;
      if (role === ROLE.none) {
        if (hopByHop && !isChallenge(status, lower)) continue;
      } else if (role === ROLE.date) dated = true;
      else if (role === ROLE.contentLength) {
        // RFC 9110 §8.6: none with 204; otherwise the line stays only where it still says the length.
        const fits = delivery === "length" && lengthAt(fields, i) === (input.length ?? 0);
        if (status === 204 || (delivery !== "none" && !fits)) continue;
        declared = true;
      } else if (role === ROLE.trailer) {
        if (delivery === "chunked" && input.keepsTrailers) {
          writeTrailer(output, fields, i, input.dropsTrailer);
        }
        continue;
      } else if (hopByHop) continue;
      output.line(fields, i);
    }
    if (input.lastLines !== undefined) output.bytes(input.lastLines);
    if (input.added !== undefined) { for (const lines of input.added) lines.write(output); }
    if (delivery === "length" && !declared) output.text("Content-Length: " + (input.length ?? 0) + "\r\n");
    else if (delivery === "chunked") output.text("Transfer-Encoding: chunked\r\n");
    // RFC 9110 §6.6.1: who forwards an answer without Date adds one.
    if (!dated) output.text(dateLine());
    if (delivery === "close" || !input.keepAlive) output.text("Connection: close\r\n");
    else if (minorVersion === 0) output.text("Connection: keep-alive\r\n");
    output.text("\r\n");
  }
}

function deliveryOf({ method, status, hasBody, length, minorVersion }: HeadInput): Delivery {
  if (method === "HEAD" || status === 204 || status === 304) return "none";
  if (!hasBody || length !== undefined) return "length";
  return minorVersion === 1 ? "chunked" : "close";
}

/** Names those of the announced fields that go out; nothing where none does. */
function writeTrailer(output: Output, fields: Fields, line: number, drops: DropsField | undefined): void {
  const announced = announcedTrailers(fields.value(line), drops);
  if (announced !== undefined) output.text(fieldLine(fields.name(line), announced));
}

/** What a proxy asks of its client, and that client alone (RFC 9110 §11.7.1): a server's own was taken out before. */
function isChallenge(status: number, name: string): boolean {
  return status === 407 && name === "proxy-authenticate";
}

/** The number that a Content-Length says; an app may have written it in any form. */
function lengthAt(fields: Fields, line: number): number {
  const number = fields.numberOf(line);
  return number === -1 ? Number(fields.value(line)) : number;
}

let datedSecond = 0;
let dateText = "";

/** A Date field of the current second (RFC 9110 §5.6.7). */
function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== datedSecond) {
    datedSecond = second;
    dateText = "Date: " + new Date(second * 1000).toUTCString() + "\r\n";
  }
  return dateText;
}
