import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { Exchange } from "../../../src/message/exchange.ts";

function exchange(): Exchange {
  const peer = { address: "192.0.2.1", port: 1, secure: false };
  const request = {
    method: "GET",
    target: "/",
    authority: "a.example",
    minorVersion: 1 as const,
    startedAt: 0,
    fields: undefined,
  };
  return new Exchange(peer, request, { inform() {} });
}

test("Exchange.fail() keeps the first failure", () => {
  const one = exchange();
  one.fail(new ProxyError("upstream_reset", "first"));
  one.fail(new ProxyError("client_closed", "second"));
  assert.deepEqual([one.reason, one.detail], ["upstream_reset", "first"]);
});

test("Exchange.abort() tells its listener once, and its signal", () => {
  const one = exchange();
  const heard: string[] = [];
  one.underWay = { abort: (error) => heard.push(error.kind) };
  const { signal } = one;
  one.abort("client_closed", "gone");
  one.abort("shutdown", "stopping");
  assert.deepEqual(heard, ["client_closed"]);
  assert.equal(signal.aborted, true);
  assert.equal(one.aborted?.kind, "client_closed");
  assert.equal(one.reason, "client_closed");
});

test("Exchange.signal is aborted from the start where the exchange already was", () => {
  const one = exchange();
  one.abort("client_closed", "gone");
  assert.equal(one.signal.aborted, true);
  assert.equal((one.signal.reason as ProxyError).kind, "client_closed");
});
