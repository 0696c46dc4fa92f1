import type { Fields } from "../../../src/http/fields.ts";
import { ROLE } from "../../../src/http/field-name.ts";
import type { Delivery, HeadInput } from "../../../src/downstream/response-head.ts";
import { announcedTrailers, fieldLine } from "../../../src/http1/encode.ts";

/** The bytes of a head, and how the body follows. */
interface Head {
  readonly text: string;
  readonly delivery: Delivery;
}

/** The head of a final answer as one text, every line of it put together anew: what the proxy's own writer must agree with. */
export function textResponseHead(input: HeadInput): Head {
  const { status, fields, minorVersion } = input;
  const bodyless = input.method === "HEAD" || status === 204 || status === 304;
  const delivery: Delivery = bodyless
    ? "none"
    : !input.hasBody || input.length !== undefined
    ? "length"
    : minorVersion === 1
    ? "chunked"
    : "close";
  let text = "HTTP/1.1 " + status + " " + input.reason + "\r\n";
  let dated = false;
  for (let i = 0; i < fields.size; i++) {
    const role = fields.kinds[i]!.role;
    if (role !== ROLE.none) {
      if (role === ROLE.date) dated = true;
      else if (role === ROLE.contentLength) {
        // RFC 9110 §8.6: none with 204; otherwise the line stays only where it still says the length.
        if (status === 204 || (delivery !== "none" && !isLengthLine(delivery, input, fields.value(i)))) {
          continue;
        }
      } else if (role === ROLE.trailer) {
        if (delivery !== "chunked" || !input.keepsTrailers) continue;
        const announced = announcedTrailers(fields.value(i), input.dropsTrailer);
        if (announced !== undefined) text += fieldLine(fields.name(i), announced);
        continue;
      } else if (fields.kinds[i]!.hopByHop) continue;
    } else if (fields.kinds[i]!.hopByHop && !isChallenge(status, fields.kinds[i]!.lower)) continue;
    text += fieldLine(fields.name(i), fields.value(i));
  }
  if (delivery === "length" && !declares(fields, input)) {
    text += "Content-Length: " + (input.length ?? 0) + "\r\n";
  } else if (delivery === "chunked") text += "Transfer-Encoding: chunked\r\n";
  // RFC 9110 §6.6.1: who forwards an answer without Date adds one.
  if (!dated) text += dateLine();
  if (delivery === "close" || !input.keepAlive) text += "Connection: close\r\n";
  else if (minorVersion === 0) text += "Connection: keep-alive\r\n";
  return { text: text + "\r\n", delivery };
}

/** What a proxy asks of its client, and that client alone (RFC 9110 §11.7.1): a server's own was taken out before. */
function isChallenge(status: number, name: string): boolean {
  return status === 407 && name === "proxy-authenticate";
}

function isLengthLine(delivery: Delivery, input: HeadInput, value: string): boolean {
  return delivery === "length" && Number(value) === (input.length ?? 0);
}

function declares(fields: Fields, input: HeadInput): boolean {
  for (let i = 0; i < fields.kinds.length; i++) {
    if (fields.kinds[i]!.role === ROLE.contentLength && isLengthLine("length", input, fields.value(i))) {
      return true;
    }
  }
  return false;
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
