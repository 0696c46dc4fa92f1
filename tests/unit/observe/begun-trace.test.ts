import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTraceparent } from "../../../src/http/trace-context.ts";
import { Output } from "../../../src/http1/output.ts";
import { tracingSchema } from "../../../src/config/sections/tracing.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { BegunTrace } from "../../../src/observe/begun-trace.ts";
import { RequestTraces } from "../../../src/observe/request-traces.ts";

const MANY = 10_000;

function written(trace: BegunTrace): string {
  const output = new Output(true);
  trace.writeTraceparent(output);
  return output.take().toString("latin1");
}

test("BegunTrace has ids that no other has, and stays the same however many follow", () => {
  const traces = Array.from({ length: MANY }, () => new BegunTrace());
  assert.equal(new Set(traces.map(({ traceId }) => traceId)).size, MANY);
  assert.equal(new Set(traces.map(({ spanId }) => spanId)).size, MANY);
  for (const trace of traces.slice(0, 100)) {
    const { traceId, spanId } = trace;
    assert.equal(written(trace), `traceparent: 00-${traceId}-${spanId}-02\r\n`);
    assert.deepEqual(parseTraceparent(written(trace).slice(13, -2)), { traceId, spanId, flags: 2 });
  }
});

/** How many of `MANY` requests are recorded. */
function recorded(ratio: number): number {
  const traces = new RequestTraces(tracingSchema.parse({ sample_ratio: ratio }), {
    frontend: "web",
    sink: { add() {} },
    trusted: new Set(),
    trustsUnix: false,
  });
  let count = 0;
  for (let i = 0; i < MANY; i++) {
    const exchange = new Exchange(
      { address: "", port: 0, secure: false },
      { method: "GET", target: "/", authority: "a", minorVersion: 1, startedAt: 0, fields: undefined },
      { inform() {} },
    );
    traces.begin(exchange);
    if (exchange.trace!.recorded) count++;
  }
  return count;
}

for (
  const [ratio, least, most] of [[0, 0, 0], [1e-18, 0, 0], [0.1, 800, 1200], [0.5, 4700, 5300], [
    1,
    MANY,
    MANY,
  ]] as const
) {
  test(`RequestTraces.begin() records a share of ${ratio} of the traces that begin here`, () => {
    const count = recorded(ratio);
    assert.ok(count >= least && count <= most, `${count} of ${MANY}`);
  });
}
