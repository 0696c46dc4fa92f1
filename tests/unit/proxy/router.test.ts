import assert from "node:assert/strict";
import { test } from "node:test";
import { Router } from "../../../src/proxy/router.ts";

const router = new Router([
  ["api.example.com", "/"],
  ["api.example.com", "/v1"],
  ["api.example.com", "/v1/users"],
  ["*.example.com", "/"],
  ["*.eu.example.com", "/"],
  ["only.example.org", "/a"],
  [undefined, "/static"],
  [undefined, "/slash/"],
].map(([host, pathPrefix]) => ({ host, pathPrefix: pathPrefix!, leadsTo: `${host ?? "any"}${pathPrefix}` })));

const cases: [authority: string, path: string, leadsTo: string | undefined][] = [
  ["api.example.com", "/", "api.example.com/"],
  ["api.example.com", "/v1", "api.example.com/v1"],
  ["api.example.com", "/v1/", "api.example.com/v1"],
  ["api.example.com", "/v1?x=/v1/users", "api.example.com/v1"],
  ["api.example.com", "/v1/users", "api.example.com/v1/users"],
  ["api.example.com", "/v1/users/7?x", "api.example.com/v1/users"],
  ["api.example.com", "/v1/usersx", "api.example.com/v1"],
  ["api.example.com", "/v1x", "api.example.com/"],
  ["API.Example.COM:8080", "/v1", "api.example.com/v1"],
  ["api.example.com.", "/v1", "api.example.com/v1"],
  ["x.example.com", "/v1", "*.example.com/"],
  ["y.x.example.com", "/", "*.example.com/"],
  ["x.eu.example.com", "/", "*.eu.example.com/"],
  ["example.com", "/", undefined],
  ["only.example.org", "/b", undefined],
  ["only.example.org", "/static/x", "any/static"],
  ["[::1]:80", "/static", "any/static"],
  ["", "/static", "any/static"],
  ["a", "/staticx", undefined],
  ["a", "/slash", undefined],
  ["a", "/slash/", "any/slash/"],
  ["a", "/slash/x", "any/slash/"],
  ["a", "/%73tatic", undefined],
  ["a", "*", undefined],
];
for (const [authority, path, leadsTo] of cases) {
  test(`Router.find() of "${authority}" and "${path}" is ${leadsTo ?? "nothing"}`, () => {
    assert.equal(router.find(authority, path), leadsTo);
  });
}

test("Router.find() takes as long for a long path as for its longest prefix", () => {
  const started = performance.now();
  for (let i = 0; i < 100; i++) assert.equal(router.find("a", "/".repeat(16_000)), undefined);
  assert.ok(performance.now() - started < 500);
});
