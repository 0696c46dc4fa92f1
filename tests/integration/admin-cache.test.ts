// What operators see of the cache, and drop from it.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openCacheScene } from "./cache-scene.ts";
import { ok, pathOf } from "./scene.ts";

const LINES: Readonly<Record<string, readonly string[]>> = {
  "/a/1": ["Cache-Tag: news, sport"],
  "/a/2": ["Surrogate-Key: news other"],
  "/b": ["Vary: V"],
  "/b?x": [],
};

async function open(t: TestContext) {
  const scene = await openCacheScene(
    t,
    (head) => ok("x", "Cache-Control: max-age=3600", ...LINES[pathOf(head)]!),
    { config: { admin: { bind: "127.0.0.1:0" } } },
  );
  for (const path of Object.keys(LINES)) await scene.ask(path);
  await scene.ask("/b", "V: 1");
  const url = `http://127.0.0.1:${scene.proxy.running.adminListener!.port!}`;
  const purge = async (body: unknown) => {
    const answer = await fetch(`${url}/api/cache/purge`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, value: await answer.json() };
  };
  return { ...scene, url, purge };
}

const PURGES:
  readonly (readonly [body: Record<string, unknown>, dropped: number, gone: readonly string[]])[] = [
    [{ url: "http://a.example/b" }, 2, ["/b"]],
    [{ url: "HTTP://A.Example:80/b#part" }, 2, ["/b"]],
    [{ url: "https://a.example/b" }, 0, []],
    [{ prefix: "http://a.example/b" }, 3, ["/b", "/b?x"]],
    [{ prefix: "http://a.example/a/" }, 2, ["/a/1", "/a/2"]],
    [{ prefix: "http://a.example" }, 5, ["/a/1", "/a/2", "/b", "/b?x"]],
    [{ prefix: "http://b.example/" }, 0, []],
    [{ tag: "news" }, 2, ["/a/1", "/a/2"]],
    [{ tag: "sport" }, 1, ["/a/1"]],
    [{ tag: "new" }, 0, []],
    [{ all: true }, 5, ["/a/1", "/a/2", "/b", "/b?x"]],
  ];
for (const [body, dropped, gone] of PURGES) {
  test(`/api/cache/purge drops by ${JSON.stringify(body)}`, async (t) => {
    const { purge, ask, heads, proxy } = await open(t);
    assert.deepEqual(await purge(body), { status: 200, value: { dropped } });
    const before = heads.length;
    for (const path of Object.keys(LINES)) await ask(path);
    assert.deepEqual(heads.slice(before).map(pathOf), gone);
    const event = proxy.events.find(({ fields }) => fields["what"] === "purge");
    assert.equal(event!.fields["dropped"], dropped);
  });
}

for (
  const body of [{}, { url: "/b" }, { url: "ftp://a/b" }, { tag: "" }, { all: false }, {
    all: true,
    tag: "a",
  }]
) {
  test(`/api/cache/purge refuses ${JSON.stringify(body)}`, async (t) => {
    const { purge, proxy } = await open(t);
    assert.equal((await purge(body)).status, 400);
    assert.equal(proxy.running.snapshot.cache!.objects, 5);
  });
}

test("/api/cache and /status show what is kept, and what became of requests", async (t) => {
  const { url, ask } = await open(t);
  await ask("/b");
  const shown = await (await fetch(`${url}/api/cache`)).json();
  assert.equal(shown.objects, 5);
  assert.equal(shown.size, 64 * 1024 * 1024);
  assert.ok(shown.bytes > 5 * 1024);
  assert.deepEqual(shown.requests, { hit: 1, miss: 5, stale: 0, revalidated: 0, collapsed: 0, bypass: 0 });
  assert.deepEqual((await (await fetch(`${url}/status`)).json()).cache, shown);
});

test("/api/cache is 404 where nothing has a cache", async (t) => {
  const scene = await openCacheScene(t, () => ok("x"), {
    frontend: { cache: undefined },
    config: { admin: { bind: "127.0.0.1:0" } },
  });
  const url = `http://127.0.0.1:${scene.proxy.running.adminListener!.port!}`;
  assert.equal((await fetch(`${url}/api/cache`)).status, 404);
  assert.equal((await (await fetch(`${url}/status`)).json()).cache, null);
});
