import assert from "node:assert/strict";
import { test } from "node:test";
import { mayUpgrade } from "../../../src/http/upgrade.ts";

const cases: [offered: string | undefined, chosen: string | undefined, may: boolean][] = [
  ["websocket", "websocket", true],
  ["websocket", "WebSocket", true],
  ["a, b", "b", true],
  ["a, b", "b, a", true],
  ["websocket", "h2c", false],
  ["websocket", "websocket, h2c", false],
  ["websocket", undefined, false],
  ["websocket", "", false],
  [undefined, "websocket", false],
];
for (const [offered, chosen, may] of cases) {
  test(`mayUpgrade() of ${chosen} where ${offered} was offered is ${may} (RFC 9110 §7.8)`, () => {
    assert.equal(mayUpgrade(offered, chosen), may);
  });
}
