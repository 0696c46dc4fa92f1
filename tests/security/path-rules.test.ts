// Paths that are written in one way and served in another: what rules and routes make of them.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { asked, get, ok, openScene, type Scene } from "../integration/scene.ts";

/** Ways to write `/admin` that some server takes for it. */
const DISGUISES = [
  "//admin",
  "/./admin",
  "/x/../admin",
  "/x/%2e%2e/admin",
  "/x/..%2Fadmin",
  "/%61dmin",
  "/admin;x",
  "/x/..;/admin",
  "/admin/.",
  "/\\admin",
  "/x\\..\\admin",
  "/%2Fadmin",
  "/admin%2F..%2Fadmin",
  "/admin.",
  "/admin%20",
  "/admin%20./x",
  "/admin%0A",
  "/admin%A0",
  "/admin\\",
];

/** A frontend that denies `/admin` by a rule and leads the rest to the server. */
function openGuarded(t: TestContext, frontend: Record<string, unknown>): Promise<Scene> {
  const rules = [{ if: "path_prefix == /admin", respond: { status: 403, body: "no" } }];
  return openScene(t, { answer: ok("yes"), frontend: { rules, ...frontend } });
}

async function statusOf(scene: Scene, path: string): Promise<number> {
  const c = await scene.client();
  c.send(get(path, "Connection: close"));
  return Number((await c.untilClosed()).slice(9, 12));
}

test("a rule about a path sees through every disguise of it, without being asked to", async (t) => {
  const scene = await openGuarded(t, {});
  for (const path of ["/admin", "/admin/x?y", ...DISGUISES]) {
    assert.equal(await statusOf(scene, path), 403, path);
  }
  for (const path of ["/", "/administrator", "/x/admin", "//public", "/caf%C3%A9/a%2Fb", "/?/admin"]) {
    assert.equal(await statusOf(scene, path), 200, path);
  }
});

for (const normalize of ["match", "refuse"]) {
  test(`a frontend with normalize = "${normalize}" answers 400 to paths that a server may cut off at a NUL`, async (t) => {
    const scene = await openGuarded(t, { normalize });
    for (const path of ["/admin%00", "/admin%2500.html", "/admin%252500x?y", "/public%00/../admin"]) {
      assert.equal(await statusOf(scene, path), 400, path);
    }
    for (const path of ["/a%25100", "/100%2025", "/?a=%00&b=%2500"]) {
      assert.equal(await statusOf(scene, path), 200, path);
    }
    assert.doesNotMatch((await asked(scene.server)).received, /admin/);
  });
}

test("a route with a raw prefix takes paths behind a dot at its end", async (t) => {
  const scene = await openScene(t, {
    answer: ok("yes"),
    frontend: {
      routes: [{ path_prefix: "/v1.", prefix_match: "raw", backend: "app" }],
      default_backend: undefined,
    },
  });
  assert.equal(await statusOf(scene, "/v1.2/x"), 200);
  assert.equal(await statusOf(scene, "/v12/x"), 404);
});

test('a frontend with normalize = "off" compares the bytes that came', async (t) => {
  const scene = await openGuarded(t, { normalize: "off" });
  assert.equal(await statusOf(scene, "/admin"), 403);
  for (const path of DISGUISES) {
    assert.equal(await statusOf(scene, path), path.startsWith("/admin/") ? 403 : 200, path);
  }
});

test('a frontend with normalize = "refuse" answers 400 to paths that can be read in two ways', async (t) => {
  const scene = await openGuarded(t, { normalize: "refuse" });
  for (const path of ["/admin", "/%61dmin"]) assert.equal(await statusOf(scene, path), 403, path);
  for (const path of DISGUISES.filter((path) => path !== "/%61dmin")) {
    assert.equal(await statusOf(scene, path), 400, path);
  }
  for (const path of ["/a/b.c/.well-known/x?a//b=%2F..", "/caf%C3%A9"]) {
    assert.equal(await statusOf(scene, path), 200, path);
  }
  for (const path of ["/a%00", "/%c0%ae%c0%ae/", "/a%5cb"]) {
    assert.equal(await statusOf(scene, path), 400, path);
  }
});

test("a route takes what its path may be written as, and the server gets the bytes that came", async (t) => {
  const routes = [{ path_prefix: "/caf%C3%A9", backend: "app" }, {
    path_prefix: "/",
    respond: { status: 410 },
  }];
  const scene = await openScene(t, {
    answer: ok("yes"),
    frontend: { routes, default_backend: undefined },
  });
  assert.equal(await statusOf(scene, "//c%61f%C3%A9/y%2Fz?%2e"), 200);
  const { received } = await asked(scene.server);
  assert.match(received, /^GET \/\/c%61f%C3%A9\/y%2Fz\?%2e HTTP\/1\.1\r\n/);
  assert.equal(await statusOf(scene, "/caf%C3%AA"), 410);
});

/** Each leads past a guard of `/admin` where a server resolves less than the proxy does, or otherwise. */
const WAYS_AROUND = [
  "/admin/../public",
  "/admin/x/../../public",
  "/admin/%2e%2e/public",
  "/admin/..%2fpublic",
  "/admin/..;/public",
  "/admin\\..\\public",
  "/x/../admin/..%2fpublic",
  "/adm%69n/../public/",
];
const GUARDED: Record<string, unknown>[] = [
  { path_prefix: "/admin", backend: "app", access: { allow: ["192.0.2.1"] } },
  { path_prefix: "/admin", backend: "app", auth: { bearer: { tokens: { one: "0123456789abcdef" } } } },
  { path_prefix: "/admin", respond: { status: 403 } },
];
for (const guarded of GUARDED) {
  const what = Object.keys(guarded).slice(1).join(" and ");
  test(`a path that some server takes for a guarded one is refused where its own way is open (${what})`, async (t) => {
    const frontend = { routes: [guarded, { path_prefix: "/", backend: "app" }], default_backend: undefined };
    const scene = await openScene(t, { answer: ok("yes"), frontend });
    for (const path of WAYS_AROUND) assert.equal(await statusOf(scene, path), 400, path);
    for (const path of ["/public", "//public", "/a/../public", "/public/a%2Fb", "/caf%C3%A9"]) {
      assert.equal(await statusOf(scene, path), 200, path);
    }
  });
}

test("what is open within a guarded frontend is no way around it", async (t) => {
  const frontend = {
    access: { allow: ["192.0.2.1"] },
    routes: [{ path_prefix: "/", backend: "app" }, { path_prefix: "/public", backend: "app", access: false }],
    default_backend: undefined,
  };
  const scene = await openScene(t, { answer: ok("yes"), frontend });
  for (const path of ["/x/../public", "/public%2fx", "/public;x"]) {
    assert.equal(await statusOf(scene, path), 400, path);
  }
  for (const path of ["/public", "/public/x", "//public"]) {
    assert.equal(await statusOf(scene, path), 200, path);
  }
  assert.equal(await statusOf(scene, "/public/../x"), 403);
});

for (const path of ["/..", "/../x", "/a/../../x", "/%2e%2e/x", "/..%2fx", "/..;/x", "/\\..\\x"]) {
  test(`${path} does not leave the base path of a server, nor a prefix that a route adds`, async (t) => {
    const based = await openScene(t, { answer: ok("yes"), entry: {} });
    assert.equal(await statusOf(based, path), 200); // nothing to leave
    const url = `http://127.0.0.1:${based.server.port}/base`;
    const scene = await openScene(t, { answer: ok("yes"), entry: { url } });
    assert.equal(await statusOf(scene, path), 400);
    assert.equal(await statusOf(scene, "/a/../x"), 200);
    const prefixed = await openScene(t, {
      answer: ok("yes"),
      frontend: { routes: [{ add_prefix: "/base", backend: "app" }], default_backend: undefined },
    });
    assert.equal(await statusOf(prefixed, path), 400);
  });
}
