import assert from "node:assert/strict";
import { test } from "node:test";
import { logSchema } from "../../../src/config/sections/log.ts";
import type { Exchange } from "../../../src/message/exchange.ts";
import { LineFilter } from "../../../src/observe/line-filter.ts";

const GOOD = { reason: "ok", status: 200 } as Exchange;
const REFUSED = { reason: "ok", status: 404 } as Exchange;
const BAD = { reason: "ok", status: 500 } as Exchange;
const LEFT = { reason: "client_closed", status: 0 } as Exchange;

/** Which of all that take 10 ms, and of a good one that takes 101 ms, have a line, where `drawn` is drawn. */
function kept(config: Record<string, unknown>, drawn: number): boolean[] | undefined {
  const filter = LineFilter.of(logSchema.parse(config), () => drawn);
  return filter &&
    [...[GOOD, REFUSED, BAD, LEFT].map((each) => filter.keeps(each, 10)), filter.keeps(GOOD, 101)];
}

const CASES: [config: Record<string, unknown>, drawn: number, kept: boolean[] | undefined][] = [
  [{}, 0, undefined],
  [{ sample: 1 }, 0, undefined],
  [{ sample: 0 }, 0, [false, false, true, true, false]],
  [{ sample: 0.5 }, 0.49, [true, true, true, true, true]],
  [{ sample: 0.5 }, 0.5, [false, false, true, true, false]],
  [{ slower_than: "100ms" }, 0, [false, false, true, true, true]],
  [{ slower_than: "100ms", sample: 0.5 }, 0.6, [false, false, true, true, true]],
  [{ slower_than: "100ms", sample: 0.5 }, 0.4, [true, true, true, true, true]],
];
for (const [config, drawn, expected] of CASES) {
  test(`LineFilter keeps what ${JSON.stringify(config)} asks for, with ${drawn} drawn`, () => {
    assert.deepEqual(kept(config, drawn), expected);
  });
}
