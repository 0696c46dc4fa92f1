// Answers of the proxy's own, which are there before they are asked for.
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get, ofOperator, request } from "./scene.ts";

const RULES = [
  { if: "path == /respond", respond: { status: 200, body: "hello" } },
  { if: "path == /empty", respond: { status: 204 } },
  { if: "path == /redirect", redirect: "https://other.example{path}" },
];

const answers: [what: string, sent: string, status: number, body: RegExp][] = [
  ["a respond", get("/respond"), 200, /^hello$/],
  ["a respond without a body", get("/empty"), 204, /^$/],
  ["a respond to HEAD", request("HEAD", "/respond"), 200, /^$/],
  ["a redirect", get("/redirect"), 302, /^$/],
  ["an error page", get("/nowhere"), 404, /no_route/],
  ["a refusal", "GET /x HTTP/1.1\r\nHost: a b\r\n\r\n", 400, /bad_request/],
  ["a TRACE", request("TRACE", "/respond"), 405, /method_not_allowed/],
  ["/metrics", ofOperator("/metrics"), 200, /sluice_/],
  ["/ready", ofOperator("/ready"), 200, /^ready\n$/],
];
for (const [what, sent, status, body] of answers) {
  test(`${what} is answered in one write`, async (t) => {
    const proxy = await startTestProxy({
      servers: ["http://127.0.0.1:1"],
      frontend: { default_backend: undefined, rules: RULES },
      config: { admin: { bind: "127.0.0.1:0" } },
    });
    t.after(() => proxy.stop());
    const port = what.startsWith("/") ? proxy.running.adminListener!.port : proxy.port;
    const client = await RawClient.open(port);
    t.after(() => client.close());
    const { write } = Socket.prototype;
    let writes = 0;
    t.mock.method(Socket.prototype, "write", function (this: Socket, ...args: Parameters<Socket["write"]>) {
      if (this.localPort === port) writes++;
      return write.apply(this, args);
    });
    client.send(sent.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    const answer = await client.untilClosed();
    assert.equal(Number(answer.slice(9, 12)), status);
    assert.match(answer.slice(answer.indexOf("\r\n\r\n") + 4), body);
    assert.equal(writes, 1);
  });
}
