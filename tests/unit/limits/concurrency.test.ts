import assert from "node:assert/strict";
import { test } from "node:test";
import { Kept } from "../../../src/base/kept.ts";
import { validateConfig } from "../../../src/config/load.ts";
import { concurrencyStage } from "../../../src/limits/concurrency.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import type { IncomingRequest } from "../../../src/message/incoming-request.ts";
import { behind, type StageParts } from "../../../src/message/stage.ts";
import { StageMetrics } from "../../../src/message/stage-metrics.ts";

test("concurrencyStage() in a program's own server gives a place back where what comes next throws", () => {
  const { concurrency } = validateConfig({
    frontends: [{ bind: ":0", default_backend: "app", concurrency: { limit: 1 } }],
    backends: { app: { servers: ["http://a"] } },
  }).frontends[0]!;
  const metrics = new StageMetrics();
  const parts = { at: "web", counts: metrics.at({}), kept: new Kept() } as unknown as StageParts;
  const boom = new Error("boom");
  const handler = behind([concurrencyStage(concurrency!, parts)], () => {
    throw boom;
  });
  const peer = { address: "192.0.2.1", port: 0, secure: false, handsOver: false };
  const failed: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const exchange = new Exchange(peer, {
      method: "GET",
      target: "/",
      authority: "a.example",
      minorVersion: 1,
      startedAt: 0,
      fields: undefined,
    }, { inform() {} });
    handler({ exchange } as IncomingRequest, {
      onAnswer: () => assert.fail(),
      onFailed: (_, error) => failed.push(error),
    });
  }
  assert.deepEqual(failed, [boom, boom, boom]);
});
