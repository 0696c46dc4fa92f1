import assert from "node:assert/strict";
import { test } from "node:test";
import { authStage } from "../../../src/access/auth.ts";
import { ProxyError } from "../../../src/base/errors.ts";
import { Kept } from "../../../src/base/kept.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { freeze } from "../../../src/config/freeze.ts";
import { authSchema } from "../../../src/config/sections/auth.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { Handler } from "../../../src/message/handler.ts";
import type { InquiryAnswer } from "../../../src/message/inquiry.ts";
import { StageMetrics } from "../../../src/message/stage-metrics.ts";
import { plainRequest } from "../../support/plain-request.ts";

/** A stage whose auth server is the test, and what became of requests. */
function openStage(next: Handler) {
  let answer: (answer: InquiryAnswer) => void = () => {};
  const failures: ProxyError[] = [];
  const stage = authStage(freeze(authSchema.parse({ forward: { url: "http://a.example" } })), {
    at: "web",
    counts: new StageMetrics(undefined).at({ frontend: "web", route: "" }),
    kept: new Kept(),
    log: SILENT_LOG,
    schemeOf: () => "http",
    failureAnswer: () => new Response(),
    inquirer: () => () => new Promise((resolve) => answer = resolve),
  });
  const handler = stage.around(next);
  const taker = {
    onAnswer: () => assert.fail("is answered"),
    onFailed: (_: unknown, error: unknown) => void failures.push(error as ProxyError),
  };
  return {
    failures,
    ask: (request = plainRequest("GET")) => (handler(request, taker), request),
    async say(status: number) {
      answer({ status, reason: "", fields: new Fields(), body: new Uint8Array(0) });
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("authStage() sends nothing on whose client has left while it was asked about", async () => {
  const { ask, say, failures } = openStage(() => assert.fail("goes on"));
  const { exchange } = ask();
  exchange.abort("client_closed", "gone");
  await say(200);
  assert.deepEqual(failures.map(({ kind }) => kind), ["client_closed"]);
});

test("authStage() tells its taker what is thrown behind it", async () => {
  const { ask, say, failures } = openStage(() => {
    throw new ProxyError("no_route", "nowhere");
  });
  ask();
  await say(200);
  assert.deepEqual(failures.map(({ kind }) => kind), ["no_route"]);
});
