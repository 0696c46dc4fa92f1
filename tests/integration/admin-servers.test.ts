// What operators say of servers, over the admin API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openAdminScene } from "./admin-scene.ts";
import { ok } from "./scene.ts";
import { RawServer } from "../support/raw-server.ts";

/** How often each body came. */
function counts(bodies: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const body of bodies) sums[body] = (sums[body] ?? 0) + 1;
  return sums;
}

test("a server in drain gets no new requests until it is ready again, and each change is logged", async (t) => {
  const { write, pathOf, bodies, proxy, names } = await openAdminScene(t);
  const drained = await write("PUT", pathOf(0), { state: "drain" });
  assert.deepEqual([drained.status, drained.value["state"], drained.value["condition"]], [
    200,
    "drain",
    "drain",
  ]);
  assert.deepEqual(counts(await bodies(6)), { 1: 6 });
  assert.equal((await write("PUT", pathOf(0), { state: "ready" })).value["condition"], "up");
  assert.deepEqual(counts(await bodies(6)), { 0: 3, 1: 3 });
  const lines = proxy.events.filter(({ event }) => event === "admin").map(({ fields }) => fields);
  const place = { who: "127.0.0.1", what: "server", backend: "app", server: names[0] };
  assert.deepEqual(lines, [
    { ...place, from: "ready, weight 1", to: "drain, weight 1", ttl: undefined },
    { ...place, from: "drain, weight 1", to: "ready, weight 1", ttl: undefined },
  ]);
});

for (const balance of ["roundrobin", "leastconn", "random", "hash", "load_aware"]) {
  test(`a weight of the operator counts at once: ${balance}`, async (t) => {
    const { write, pathOf, bodies } = await openAdminScene(t, { backend: { balance } });
    assert.equal((await write("PUT", pathOf(0), { weight: 0 })).value["weight"], 0);
    assert.deepEqual(counts(await bodies(4)), { 1: 4 });
    assert.equal((await write("PUT", pathOf(0), { weight: 1000 })).status, 200);
    if (balance !== "hash") {
      await eventually(
        "the weight to count",
        async () => (await bodies(10)).filter((body) => body === "0").length >= 8,
      );
    }
    const { value } = await write("DELETE", pathOf(0));
    assert.deepEqual([value["weight"], value["config_weight"]], [1, 1]);
  });
}

test("what has a ttl is taken back when that is over, each word by itself", async (t) => {
  const { write, pathOf, admin, proxy } = await openAdminScene(t);
  await write("PUT", pathOf(0), { weight: 7 });
  const { value } = await write("PUT", pathOf(0), { state: "maint", ttl: "100ms" });
  assert.match(String(value["operator_until"]), /^\d{4}-/);
  const [server] = proxy.running.snapshot.backends.get("app")!.servers;
  assert.equal(server!.operator, "maint");
  await eventually("the end of maint", () => server!.operator === "ready");
  const after = await (await admin(pathOf(0))).json();
  assert.deepEqual([after.state, after.condition, after.weight, after.operator_until], [
    "ready",
    "up",
    7,
    null,
  ]);
});

test("what an operator said holds through reloads that change its backend, and ends in time after them", async (t) => {
  const { write, pathOf, bodies, proxy } = await openAdminScene(t);
  const { running } = proxy;
  await write("PUT", pathOf(0), { state: "drain", ttl: "700ms" });
  await write("PUT", pathOf(1), { weight: 9 });
  const { config } = running.snapshot;
  const app = { ...config.backends["app"]!, balance: "leastconn" as const };
  await running.reload({ ...config, backends: { app } });
  const [first, second] = running.snapshot.backends.get("app")!.servers;
  assert.deepEqual([first!.operator, second!.weight], ["drain", 9]);
  assert.deepEqual(counts(await bodies(4)), { 1: 4 });
  await eventually("the end of the drain", () => first!.operator === "ready");
  await eventually("requests for it", async () => counts(await bodies(10))["0"] !== undefined);
});

test("a probe is made now, also in maint, and says what it found", async (t) => {
  const answers = { status: "200 OK" };
  const server = await RawServer.answering(() => ok("fine").replace("200 OK", answers.status));
  t.after(() => server.close());
  const { write, pathOf, proxy } = await openAdminScene(t, {
    count: 1,
    backend: { health_check: { interval: "1h", fast_interval: "1h", rise: 1, fall: 1 } },
  });
  const { status, value } = await write("POST", `${pathOf(0)}/probe`);
  assert.deepEqual([status, value["passed"], (value["probe"] as { code: string }).code], [200, true, "L7OK"]);
  await write("PUT", pathOf(0), { state: "maint" });
  assert.equal((await write("POST", `${pathOf(0)}/probe`)).value["passed"], true);
  const { record } = proxy.running.snapshot.backends.get("app")!.servers[0]!;
  assert.ok(record.probes >= 2);
});

test("a backend without probes, unknown names and values that are none are refused in words", async (t) => {
  const { write, pathOf, admin, names, proxy } = await openAdminScene(t);
  const refusals: [method: string, path: string, body: unknown, status: number, error: RegExp][] = [
    ["POST", `${pathOf(0)}/probe`, undefined, 409, /Backend "app" has no health_check/],
    ["PUT", "/api/backends/ap/servers/x", { state: "drain" }, 404, /no backend "ap"; did you mean "app"\?/],
    ["PUT", pathOf(0).slice(0, -1), { state: "drain" }, 404, /no server .*; did you mean "http:/],
    ["PUT", pathOf(0), { state: "down" }, 400, /^state is not accepted$/],
    ["PUT", pathOf(0), { weight: 1001 }, 400, /^weight is not accepted$/],
    ["PUT", pathOf(0), { weight: 0.5 }, 400, /^weight is not accepted$/],
    ["PUT", pathOf(0), { state: "drain", ttl: "0s" }, 400, /^ttl is not accepted$/],
    ["PUT", pathOf(0), { state: "drain", ttl: "soon" }, 400, /^ttl is not accepted$/],
    ["PUT", pathOf(0), { ttl: "1m" }, 400, /^state is not accepted$/],
    ["PUT", pathOf(0), undefined, 400, /^state is not accepted$/],
    ["PUT", pathOf(0), { state: "drain", until: "x" }, 400, /^Unknown in the body: until$/],
    ["PUT", pathOf(0), [], 400, /^The body is not accepted$/],
    ["POST", pathOf(0), { state: "drain" }, 405, /does nothing/],
  ];
  for (const [method, path, body, status, error] of refusals) {
    const { value, ...answer } = await write(method, path, body);
    assert.match(String(value["error"]), error);
    assert.equal(answer.status, status);
    assert.ok(Array.isArray(value["accepted"]));
  }
  for (const path of [`${pathOf(0)}?state=drain`, `${pathOf(0)}/probe`]) {
    const response = await admin(path);
    await response.body?.cancel();
    assert.equal(response.status, path.endsWith("probe") ? 405 : 200);
  }
  assert.deepEqual(proxy.running.snapshot.backends.get("app")!.servers.map(({ operator }) => operator), [
    "ready",
    "ready",
  ]);
  const short = await admin(`/api/backends/app/servers/${names[0]!.slice("http://".length)}`);
  assert.equal((await short.json()).url, names[0]);
});
