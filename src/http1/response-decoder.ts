import { ProxyError } from "../base/errors.ts";
import type { Fields } from "../http/fields.ts";
import { type Framing, responseFraming } from "../http/framing.ts";
import { Decoder } from "./decoder.ts";
import type { CodecLimits } from "./limits.ts";

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
      tooLarge: "upstream_invalid",
      startLineTooLong: "upstream_invalid",
      startLine: true,
    });
  }

  /** Names the method whose answer comes next: it decides whether there is a body (RFC 9112 §6.3). */
  expect(method: string): void {
    this.#method = method;
  }

  protected parse(startLine: string, fields: Fields): ResponseHead {
    // A missing blank before an empty reason is common among servers and says nothing ambiguous.
    const match = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/s.exec(startLine);
    if (match === null) {
      throw new ProxyError("upstream_invalid", "The status line is not HTTP/1.x and a status");
    }
    const status = Number(match[2]);
    const minorVersion = match[1] === "1" ? 1 : 0;
    const framing = responseFraming(fields, { status, minorVersion, method: this.#method });
    return { status, reason: match[3] ?? "", minorVersion, fields, framing };
  }

  protected framing(head: ResponseHead): Framing {
    return head.framing;
  }
}
