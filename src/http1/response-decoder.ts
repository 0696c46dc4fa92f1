import { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { type Framing, responseFraming } from "../http/framing.ts";
import { checkConnection } from "../http/hop-by-hop.ts";
import { isTextAt, latin1 } from "../http/latin1.ts";
import { Decoder } from "./decoder.ts";
import type { HeadReader } from "./head-reader.ts";
import type { CodecLimits } from "../http/head-limits.ts";

/** The head of an answer, as received and found to be sound. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** 0 or 1: the minor version of HTTP/1. */
  readonly minorVersion: 0 | 1;
  readonly fields: Fields;
  readonly framing: Framing;
}

/** Decodes answers of servers, the client's side of RFC 9112, as strictly as requests are decoded. */
export class ResponseDecoder extends Decoder<ResponseHead> {
  #method = "GET";

  constructor(limits: CodecLimits) {
    super({
      limits,
      blame: "upstream_invalid",
      tooLarge: "answer_head_too_large",
      startLineTooLong: "upstream_invalid",
      hasStartLine: true,
    });
  }

  /** Names the method whose answer comes next: it decides whether there is a body (RFC 9112 §6.3). */
  expect(method: string): void {
    this.#method = method;
  }

  protected parse(reader: HeadReader, fields: Fields): ResponseHead {
    const { status, minorVersion, reason } = readStatusLine(reader);
    checkConnection(fields, this.blame);
    const framing = responseFraming(fields, { status, minorVersion, method: this.#method });
    return { status, reason, minorVersion, fields, framing };
  }

  protected framing(head: ResponseHead): Framing {
    return head.framing;
  }
}

interface StatusLine {
  readonly text: string;
  readonly status: number;
  readonly minorVersion: 0 | 1;
  readonly reason: string;
}

let lastLine: StatusLine = { text: "HTTP/1.1 200 OK", status: 200, minorVersion: 1, reason: "OK" };

/** Remembers the last line, which is nearly always the next one as well. */
function readStatusLine({ bytes, begin, startLineEnd }: HeadReader): StatusLine {
  if (isTextAt(lastLine.text, bytes, begin, startLineEnd)) return lastLine;
  const text = latin1(bytes, begin, startLineEnd);
  // A missing blank before an empty reason is common among servers and says nothing ambiguous.
  const match = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/s.exec(text);
  if (match === null) {
    throw new ProxyError("upstream_invalid", "The status line is not HTTP/1.x and a status");
  }
  const line: StatusLine = {
    text,
    status: Number(match[2]),
    minorVersion: match[1] === "1" ? 1 : 0,
    reason: match[3] ?? "",
  };
  if (text.length <= MAX_REMEMBERED) lastLine = line;
  return line;
}

/** Characters of a line that is kept. */
const MAX_REMEMBERED = 64;
