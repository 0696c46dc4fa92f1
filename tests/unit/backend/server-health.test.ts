import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Lease } from "../../../src/backend/lease.ts";
import { Scene } from "./availability-scene.ts";

const PASS = { code: "L7OK", ms: 7, at: 1 } as const;
const FAILURE = { code: "L4CON", ms: 9, at: 2 } as const;
const TWO = { rise: 2, fall: 2 };

const serverOf = (t: TestContext) => new Scene(t, 1).servers[0]!;

test("Server.observe() says that a first result turned the server, and which others did", (t) => {
  const server = serverOf(t);
  const results = [PASS, FAILURE, FAILURE, PASS, PASS, PASS];
  const turned = results.map((probed) => server.observe(probed, TWO));
  assert.deepEqual(turned, [true, false, true, false, true, false]);
  assert.equal(server.lastProbe, PASS);
});

test("Server.observe() keeps the time of a probe that passed, and gives max_requests anew", (t) => {
  const server = serverOf(t);
  new Lease(server, "10.0.0.1");
  server.observe(PASS, TWO);
  assert.deepEqual([server.probeMs, server.record.unprobed], [7, 0]);
  server.observe(FAILURE, TWO);
  assert.equal(server.probeMs, 7);
});

test("Server.holdBack() and markDown() last until as many probes passed as are needed", (t) => {
  const server = serverOf(t);
  server.holdBack();
  assert.equal(server.health.up, false);
  server.observe(PASS, TWO); // the first decides alone
  assert.equal(server.health.up, true);
  server.markDown();
  server.observe(PASS, TWO);
  assert.equal(server.health.up, false);
  server.observe(PASS, TWO);
  assert.equal(server.health.up, true);
});
