import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { Fields } from "../../../src/http/fields.ts";
import { RequestDecoder } from "../../../src/http1/request-decoder.ts";
import { formatTraceparent, parseTraceparent, traceparentOf } from "../../../src/http/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736", SPAN = "00f067aa0ba902b7";
const VALUE = `00-${TRACE}-${SPAN}-01`;

const valid: [value: string, flags: number, why: string][] = [
  [VALUE, 1, "that is sampled"],
  [`00-${TRACE}-${SPAN}-00`, 0, "that is not"],
  [`00-${TRACE}-${SPAN}-02`, 2, "whose id was drawn by chance"],
  [`00-${TRACE}-${SPAN}-ff`, 3, "without the flags that nobody knows"],
  [`00-${TRACE}-${SPAN}-08`, 0, "with none but such a flag"],
  [`01-${TRACE}-${SPAN}-01`, 1, "of a later version"],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-is-like`, 1, "of a later version with more parts (§3.2.4)"],
  [`fe-${TRACE}-${SPAN}-01-`, 1, "of a later version that ends in a dash"],
  [`00-${"0".repeat(31)}1-${"0".repeat(15)}1-01`, 1, "with the smallest ids"],
];
for (const [value, flags, why] of valid) {
  test(`parseTraceparent() reads one ${why}`, () => {
    const { traceId, spanId, flags: found } = parseTraceparent(value)!;
    assert.deepEqual([traceId, spanId], [value.slice(3, 35), value.slice(36, 52)]);
    assert.equal(found, flags);
  });
}

const invalid: [value: string, why: string][] = [
  ["", "is empty"],
  [`ff-${TRACE}-${SPAN}-01`, "has the version ff (§3.2.2.1)"],
  [`0-${TRACE}-${SPAN}-01`, "has a version of one digit"],
  [`0g-${TRACE}-${SPAN}-01`, "has a version that is no number"],
  [`FE-${TRACE}-${SPAN}-01`, "has a version in capitals"],
  [`00-${"0".repeat(32)}-${SPAN}-01`, "has a trace of zeros (§3.2.2.3)"],
  [`00-${TRACE}-${"0".repeat(16)}-01`, "has a span of zeros (§3.2.2.4)"],
  [`cc-${"0".repeat(32)}-${SPAN}-01`, "is of a later version and has a trace of zeros"],
  [VALUE.toUpperCase(), "has capital letters"],
  [`00-${TRACE.replace("f", "g")}-${SPAN}-01`, "has a trace that is not hexadecimal"],
  [`00-${TRACE}-${SPAN.replace("f", "\xe9")}-01`, "has a span that is not hexadecimal"],
  [`00-${TRACE}-${SPAN}-0x`, "has flags that are not hexadecimal"],
  [`00-${TRACE}-${SPAN}-A1`, "has flags in capitals"],
  [`00-${TRACE.slice(1)}-${SPAN}-011`, "has a short trace"],
  [`00-${TRACE}0-${SPAN}-1`, "has a long trace"],
  [`00-${TRACE}-${SPAN}-1`, "has short flags"],
  [`00-${TRACE}-${SPAN}`, "has no flags"],
  [`00-${TRACE}-${SPAN}-01-more`, "is of version 00 and has more parts"],
  [`00-${TRACE}-${SPAN}-01-`, "is of version 00 and ends in a dash"],
  [`01-${TRACE}-${SPAN}-011`, "is of a later version and has long flags"],
  [`01-${TRACE}-${SPAN}-01.x`, "is of a later version and has something else behind the flags"],
  [`00_${TRACE}-${SPAN}-01`, "has another sign behind the version"],
  [`00-${TRACE}_${SPAN}-01`, "has another sign behind the trace"],
  [`00-${TRACE}-${SPAN}_01`, "has another sign behind the span"],
  [`${VALUE},${VALUE}`, "stands there twice"],
  [` ${VALUE}`, "begins with a blank"],
];
for (const [value, why] of invalid) {
  test(`parseTraceparent() ignores one that ${why}`, () => assert.equal(parseTraceparent(value), undefined));
}

test("formatTraceparent() writes what parseTraceparent() reads", () => {
  for (const flags of [0, 1, 2, 3]) {
    const parent = { traceId: TRACE, spanId: SPAN, flags };
    assert.deepEqual(parseTraceparent(formatTraceparent(parent)), parent);
  }
});

/** Fields as they come. */
function received(...lines: string[]): Fields {
  const decoder = new RequestDecoder({ headerSize: 4096, headerCount: 10, targetSize: 100 });
  decoder.push(Buffer.from(["GET / HTTP/1.1", "Host: a", ...lines, "", ""].join("\r\n"), "latin1"));
  decoder.next();
  return decoder.head.fields;
}

test("traceparentOf() finds a traceparent whatever its case and the blanks around it", () => {
  const fields = received(`TraceParent: \t${VALUE}  `);
  assert.equal(traceparentOf(fields)?.traceId, TRACE);
});

test("traceparentOf() finds none where there are two, though they are equal", () => {
  const line = `traceparent: ${VALUE}`;
  assert.equal(traceparentOf(received(line, line)), undefined);
  assert.equal(traceparentOf(received("traceparent: x", line)), undefined);
  assert.equal(traceparentOf(received("tracestate: a=1")), undefined);
});
