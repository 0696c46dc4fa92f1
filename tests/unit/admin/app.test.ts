import assert from "node:assert/strict";
import { z } from "zod";
import { test } from "node:test";
import { createAdminApp } from "../../../src/admin/app.ts";
import { Guard } from "../../../src/admin/guard.ts";
import { writeRoute } from "../../../src/admin/route.ts";
import { type AdminParts, adminRoutes } from "../../../src/admin/routes.ts";
import { PARTS } from "./parts.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import type { LogFields } from "../../../src/base/log-event.ts";

/** The app of these parts, asked for a path. */
function asking(parts: Partial<AdminParts>) {
  const guard = new Guard({ token: undefined, host: "127.0.0.1", allowedHosts: [] });
  const app = createAdminApp(adminRoutes({ ...PARTS, ...parts }), { guard, log: SILENT_LOG });
  return (path: string, init?: RequestInit) => app.fetch(new Request(`http://localhost${path}`, init));
}

test("the admin app says whether the proxy is ready by its status", async () => {
  let ready = true;
  const get = asking({ ready: () => ready });
  const ask = async () => {
    const answer = await get("/ready");
    const { status, headers } = answer;
    return [status, await answer.text(), headers.get("content-length"), headers.get("cache-control")];
  };
  assert.deepEqual(await ask(), [200, "ready\n", "6", "no-store"]);
  ready = false;
  assert.deepEqual(await ask(), [503, "not ready\n", "10", "no-store"]);
});

test("the admin app shows the metrics of the moment", async () => {
  let count = 0;
  const get = asking({ metrics: () => `up ${++count}\n` });
  for (const text of ["up 1\n", "up 2\n"]) {
    const answer = await get("/metrics");
    assert.equal(await answer.text(), text);
    assert.match(answer.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  }
});

test("the admin app says what there is where there is nothing, and which methods a path has", async () => {
  const get = asking({});
  const nothing = await get("/metric");
  const { error, accepted } = await nothing.json();
  assert.deepEqual([nothing.status, error], [404, 'There is nothing at "/metric"; did you mean /metrics?']);
  assert.ok(accepted.includes("/status"));
  for (const method of ["POST", "DELETE", "PATCH"]) {
    const refused = await get("/status", { method });
    assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD"]);
  }
  const head = await get("/status", { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.equal((await get("/%zz")).status, 400);
});

/** An app of one route that writes, asked by `method` with a body; and what was logged. */
function writing() {
  const lines: [event: string, fields: LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields) => void lines.push([event, fields]);
  const route = writeRoute({
    method: "PUT",
    path: "/dial/{name}",
    summary: "Sets a dial.",
    body: z.strictObject({ to: z.int({ error: "a whole number" }).optional() }, { error: "to" }),
    answers: z.looseObject({}),
    write: ({ params, body: { to } }) => ({
      value: { to },
      log: { what: "set", name: params["name"], to },
    }),
  });
  const guard = new Guard({ token: undefined, host: "127.0.0.1", allowedHosts: [] });
  const app = createAdminApp([route], { guard, log: { ...SILENT_LOG, info: note, warn: note } });
  const ask = async (body: BodyInit | null, type = "application/json", method = "PUT") => {
    const headers = body === null ? {} : { "content-type": type };
    const request = new Request("http://localhost/dial/a%2Fb", { method, headers, body });
    const answer = await app.fetch(request);
    return [answer.status, await answer.json()] as const;
  };
  return { ask, lines };
}

test("a write is checked, done, answered and logged", async () => {
  const { ask, lines } = writing();
  assert.deepEqual(await ask('{"to":5}'), [200, { to: 5 }]);
  assert.deepEqual(lines.splice(0), [["admin", { who: "unknown", what: "set", name: "a/b", to: 5 }]]);
  assert.deepEqual(await ask(null), [200, { to: null }]);
  assert.deepEqual(await ask('{"to":"x"}'), [400, {
    error: "to is not accepted",
    accepted: ["to: a whole number"],
  }]);
  assert.deepEqual(await ask('{"two":1}'), [400, { error: "Unknown in the body: two", accepted: ["to"] }]);
  assert.equal((await ask("{"))[0], 400);
  assert.equal((await ask('{"to":5}', "text/plain"))[0], 415);
  assert.equal((await ask('{"to":5}', "application/x-www-form-urlencoded"))[0], 415);
  assert.equal((await ask('{"to":5}', "application/json; charset=utf-8"))[0], 200);
  assert.equal((await ask(null, "", "GET").catch(() => [0]))[0], 405);
});

test("a body of more than 64 KiB is refused, and what was not done is logged as such", async () => {
  const { ask, lines } = writing();
  assert.equal((await ask(`{"to":5${" ".repeat(65_536)}}`))[0], 413);
  assert.equal((await ask(`{"to":5${" ".repeat(65_528)}}`))[0], 200);
  assert.deepEqual(lines.map(([event, fields]) => [event, fields?.["status"]]), [
    ["admin_refused", 413],
    ["admin", undefined],
  ]);
});
