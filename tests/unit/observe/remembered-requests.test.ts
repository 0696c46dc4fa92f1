import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../src/http/fields.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { type KeptParts, RememberedRequests } from "../../../src/observe/remembered-requests.ts";

const PARTS: KeptParts = {
  frontend: "web",
  headers: ["x-beta", "authorization"],
  secret: new Set(["authorization"]),
  query: new Set(["v"]),
};

function exchange(target: string, headers: readonly (readonly [string, string])[] = [], method = "GET") {
  const fields = new Fields();
  for (const [name, value] of headers) fields.append(name, value);
  const peer = { address: "192.0.2.7", port: 1, secure: false };
  const head = { method, target, authority: "a.example", minorVersion: 1, startedAt: 0, fields } as const;
  return new Exchange(peer, head, { inform() {} });
}

function targets(remembered: RememberedRequests): string[] {
  return [...remembered.list()].map(({ target }) => target);
}

test("RememberedRequests keeps the last ones, the oldest first", () => {
  const remembered = new RememberedRequests(3);
  assert.deepEqual(targets(remembered), []);
  for (const target of ["/1", "/2", "/3", "/4"]) remembered.note(exchange(target), PARTS);
  assert.deepEqual(targets(remembered), ["/2", "/3", "/4"]);
});

test("RememberedRequests takes over what fits from another of another size", () => {
  const before = new RememberedRequests(3);
  for (const target of ["/1", "/2", "/3", "/4"]) before.note(exchange(target), PARTS);
  const smaller = new RememberedRequests(2, before);
  assert.deepEqual(targets(smaller), ["/3", "/4"]);
  const larger = new RememberedRequests(5, smaller);
  larger.note(exchange("/5"), PARTS);
  assert.deepEqual(targets(larger), ["/3", "/4", "/5"]);
});

test("RememberedRequests keeps of headers and query what is asked for, and no secret", () => {
  const remembered = new RememberedRequests(4);
  const headers = [
    ["X-Beta", "1"],
    ["Authorization", "Bearer hidden"],
    ["Cookie", "hidden=1"],
    ["X-Other", "hidden"],
  ] as const;
  remembered.note(exchange("/a?token=hidden&v=1&v=%26&x", headers), PARTS);
  remembered.note(exchange("/a?token=hidden", headers), { ...PARTS, headers: [], query: new Set() });
  const [first, second] = [...remembered.list()];
  assert.equal(first!.target, "/a?v=1&v=%26");
  assert.deepEqual(first!.headers, [["x-beta", "1"], ["authorization", "[masked]"]]);
  assert.deepEqual([second!.target, second!.headers], ["/a", []]);
  assert.doesNotMatch(JSON.stringify([...remembered.list()]), /hidden/);
});

test("RememberedRequests leaves out what is too long, and requests that could not be read", () => {
  const remembered = new RememberedRequests(4);
  remembered.note(exchange(`/${"a".repeat(512)}`), PARTS);
  remembered.note(exchange("/", [["X-Beta", "a".repeat(513)]]), PARTS);
  remembered.note(exchange("/", [], ""), PARTS);
  assert.deepEqual(targets(remembered), []);
  remembered.note(exchange(`/${"a".repeat(511)}`), PARTS);
  assert.equal(targets(remembered).length, 1);
});
