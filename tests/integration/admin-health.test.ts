// What tells others how the proxy is, and which requests failed of late.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openAdminScene } from "./admin-scene.ts";

test("/health is 200 with the servers that get requests, and says of what there is none", async (t) => {
  const { admin, write, pathOf, names, proxy } = await openAdminScene(t, {
    frontend: { health_path: "/lb-health" },
  });
  const health = async (url: string) => {
    const response = await fetch(url);
    assert.equal(response.status, 200);
    return await response.json();
  };
  assert.deepEqual(await (await admin("/health")).json(), {
    status: "ok",
    healthy_backends: names,
    degraded: [],
  });
  await write("PUT", pathOf(0), { state: "drain" });
  assert.deepEqual((await health(`${proxy.url}/lb-health`)).healthy_backends, [names[1]]);
  await write("PUT", pathOf(1), { state: "maint" });
  const none = { status: "degraded", healthy_backends: [], degraded: ["app"] };
  assert.deepEqual(await health(`${proxy.url}/lb-health`), none);
  assert.deepEqual(await (await admin("/health")).json(), none);
});

test("/ready says 503 while a critical backend has no server, and minds no other", async (t) => {
  const ready = async (url: string) => {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  };
  const options = { count: 1, frontend: { ready_path: "/up" } };
  const plain = await openAdminScene(t, options);
  await plain.write("PUT", plain.pathOf(0), { state: "maint" });
  assert.equal(await ready(`http://127.0.0.1:${plain.adminPort}/ready`), 200);
  const { write, pathOf, adminPort, proxy } = await openAdminScene(t, {
    ...options,
    backend: { critical: true },
  });
  const both =
    async () => [await ready(`http://127.0.0.1:${adminPort}/ready`), await ready(`${proxy.url}/up`)];
  assert.deepEqual(await both(), [200, 200]);
  await write("PUT", pathOf(0), { state: "maint" });
  assert.deepEqual(await both(), [503, 503]);
  await write("DELETE", pathOf(0));
  assert.deepEqual(await both(), [200, 200]);
});

test("/api/errors shows the last 256 failures of the proxy and the servers, without queries", async (t) => {
  const { admin, servers, proxy } = await openAdminScene(t, {
    count: 1,
    frontend: { default_backend: undefined, routes: [{ path_prefix: "/app", backend: "app" }] },
    backend: { retries: { attempts: 1 } },
  });
  const errors = async (query = "") => await (await admin(`/api/errors${query}`)).json();
  await (await fetch(`${proxy.url}/app`)).body?.cancel();
  await (await fetch(`${proxy.url}/nowhere`)).body?.cancel();
  await eventually("both lines", () => proxy.accesses[1]);
  assert.deepEqual(await errors(), []);
  await servers[0]!.close();
  for (let i = 0; i < 258; i++) {
    const headers = { "x-request-id": `request-${i}` };
    await (await fetch(`${proxy.url}/app/${i}?token=secret`, { headers })).body?.cancel();
  }
  await eventually("all lines", () => proxy.accesses[259]);
  const all = await errors();
  assert.deepEqual([all.length, all[0].path, all[255].path], [256, "/app/257", "/app/2"]);
  const { request_id: requestId, frontend, backend, server, method, status, reason, detail, host } = all[0];
  assert.deepEqual([requestId, frontend, backend, method, status], [
    "request-257",
    "web",
    "app",
    "GET",
    all[0].status,
  ]);
  assert.ok(status >= 502 && reason !== "ok" && detail !== undefined && host === new URL(proxy.url).host);
  assert.ok(server === undefined || server.startsWith("http://"));
  assert.equal((await errors("?limit=2")).length, 2);
  assert.equal((await admin("/api/errors?limit=0")).status, 400);
});
