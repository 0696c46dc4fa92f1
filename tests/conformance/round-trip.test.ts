import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { Fields } from "../../src/http/fields.ts";
import type { Framing } from "../../src/http/framing.ts";
import { chunkSizeLine, fieldLine, lastChunk } from "../../src/http1/encode.ts";
import { DEFAULT_LIMITS } from "../support/default-limits.ts";
import { Output } from "../../src/http1/output.ts";
import { RequestDecoder, type RequestHead } from "../../src/http1/request-decoder.ts";
import { ResponseDecoder, type ResponseHead } from "../../src/http1/response-decoder.ts";
import { generateRequests, generateResponses, type Sample } from "../support/codec/corpus.ts";
import { type Events, refusalOf, requestEvents, responseEvents } from "../support/codec/events.ts";
import { Random } from "../support/codec/random.ts";
import { SHAPES } from "../support/codec/shapes.ts";

// What was decoded, written anew and decoded again is the same: the same heads, bodies and trailers.

function rewriteRequests(bytes: Buffer): Buffer {
  return rewrite(new RequestDecoder(DEFAULT_LIMITS), bytes, requestLine, () => {});
}

function rewriteResponses(bytes: Buffer, methods: readonly string[]): Buffer {
  const decoder = new ResponseDecoder(DEFAULT_LIMITS);
  let answered = 0;
  decoder.expect(methods[0] ?? "GET");
  return rewrite(decoder, bytes, statusLine, ({ status }) => {
    if (status >= 200) decoder.expect(methods[++answered] ?? "GET");
  });
}

function rewrite<Head extends { fields: Fields; framing: Framing }>(
  decoder: RequestDecoder | ResponseDecoder,
  bytes: Buffer,
  startLine: (head: Head) => string,
  onEnd: (head: Head) => void,
): Buffer {
  const output = new Output();
  decoder.push(bytes);
  for (;;) {
    const step = decoder.next();
    if (step === "more") return output.take();
    const head = decoder.head as unknown as Head;
    const chunked = head.framing.kind === "chunked";
    if (step === "head") {
      output.text(startLine(head) + "\r\n");
      for (let i = 0; i < head.fields.size; i++) {
        output.text(fieldLine(head.fields.name(i), head.fields.value(i)));
      }
      output.text("\r\n");
    } else if (step === "data") {
      if (chunked) output.text(chunkSizeLine(decoder.data.length));
      output.bytes(decoder.data);
      if (chunked) output.text("\r\n");
    } else {
      if (chunked) output.text(lastChunk(decoder.trailers));
      onEnd(head);
    }
  }
}

function requestLine({ method, target, minorVersion }: RequestHead): string {
  const { form, scheme, authority, path } = target;
  const rest = form === "absolute" && path === "*" ? "" : path;
  const written = form === "absolute"
    ? `${scheme}://${authority}${rest}`
    : form === "authority"
    ? authority
    : path;
  return `${method} ${written} HTTP/1.${minorVersion}`;
}

function statusLine({ status, reason, minorVersion }: ResponseHead): string {
  return `HTTP/1.${minorVersion} ${status} ${reason}`;
}

/** The events that can come back: what is no trailer field by RFC 9110 §6.5.1 is left out on the way. */
function lasting(events: Events): Events {
  return events.filter((event) =>
    !/^trailer (?:content-length|transfer-encoding|host|cookie|content-type|connection|upgrade|expect):/i
      .test(event)
  );
}

const samples: Sample[] = [...SHAPES];
const random = new Random(1945);
for (let i = 0; i < 3000; i++) samples.push(generateRequests(random));
for (let i = 0; i < 1500; i++) samples.push(generateResponses(random));

for (const role of ["request", "response"] as const) {
  test(`Decoder reads a ${role} that was written anew as it read the first (RFC 9112 §2.1)`, () => {
    let compared = 0;
    for (const { text, methods } of samples.filter((sample) => sample.role === role)) {
      const bytes = Buffer.from(text, "latin1");
      const decode = role === "request"
        ? (pieces: Buffer[]) => requestEvents(pieces)
        : (pieces: Buffer[]) => responseEvents(pieces, { methods });
      const events = decode([bytes]);
      // Bytes behind a 101 are no HTTP, and a refused or cut message has no other end to compare.
      if (refusalOf(events) !== undefined || events.at(-1) === "cut" || events.at(-1)!.startsWith("tunnel")) {
        continue;
      }
      const anew = role === "request" ? rewriteRequests(bytes) : rewriteResponses(bytes, methods);
      assert.deepEqual({ text, events: decode([anew]) }, { text, events: lasting(events) });
      compared++;
    }
    assert.ok(compared > 700, `${compared} are too few`);
  });
}
