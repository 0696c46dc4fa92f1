// Middlewares of one's own, by the key `middleware`: what they see and change, and what becomes of their errors.
import assert from "node:assert/strict";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { SILENT_LOG } from "../../src/base/log.ts";
import { validateConfig } from "../../src/config/load.ts";
import { explainRequest } from "../../src/explain/explain.ts";
import { ForwardedResponse } from "../../src/message/forwarded-response.ts";
import { ConfigError, createProxy, type SluiceEnv, type SluiceMiddleware } from "../../src/mod.ts";
import { eventually } from "../support/eventually.ts";
import { refusal, refusals } from "../unit/config/support.ts";
import {
  asked,
  bodyOf,
  get,
  ok,
  openScene,
  pathOf,
  post,
  request,
  type Scene,
  type SceneOptions,
} from "./scene.ts";

const CLOSE = "Connection: close";
const ODD = ["x-ODD: 1", "Set-Cookie: a=1", "Set-Cookie: b=2"];

function open(t: TestContext, middleware: readonly unknown[], more: SceneOptions = {}): Promise<Scene> {
  return openScene(t, { answer: (head) => ok(pathOf(head), ...ODD), frontend: { middleware }, ...more });
}

async function ask({ client }: Scene, text = get("/", CLOSE)): Promise<string> {
  const c = await client();
  c.send(text);
  return await c.untilClosed();
}

test("a middleware that changes nothing leaves request and answer as they came", async (t) => {
  let seen: unknown;
  const scene = await open(t, [async (_c: unknown, next: () => Promise<void>) => await next()]);
  const looks: SluiceMiddleware = async (c, next) => {
    await next();
    seen = c.res;
  };
  const looking = await open(t, [looks]);
  const plain = await openScene(t, { answer: (head) => ok(pathOf(head), ...ODD) });
  const lines = get("/a%2Fb?q", "x-LOWER: 1", CLOSE);
  const [one, two, wanted] = (await Promise.all([scene, looking, plain].map((each) => ask(each, lines))))
    .map((answer) => answer.replace(/\r\nDate: [^\r]*/, "")); // a second may have passed
  assert.equal(one, wanted);
  assert.equal(two, wanted);
  assert.ok(seen instanceof ForwardedResponse); // nothing was made of it
  assert.match(scene.server.received, /^GET \/a%2Fb\?q [^]*\r\nx-LOWER: 1\r\n/);
});

test("what a middleware changes is what is sent", async (t) => {
  const changes: SluiceMiddleware = async (c, next) => {
    c.req.raw.headers.set("X-Added", "to the server");
    await next();
    c.header("X-Added", "to the client");
    c.res.headers.delete("x-odd");
  };
  const scene = await open(t, [changes]);
  const answer = await ask(scene);
  assert.match(answer, /\r\nX-Added: to the client\r\n/i);
  assert.doesNotMatch(answer, /x-odd/i);
  assert.equal(answer.match(/set-cookie/gi)!.length, 2);
  assert.match(scene.server.received, /\r\nX-Added: to the server\r\n/i);
});

test("middlewares run in their order, and one that answers keeps the request from the server", async (t) => {
  const order: string[] = [];
  const noting = (name: string): SluiceMiddleware => async (_c, next) => {
    order.push(name);
    await next();
    order.push(`${name} after`);
  };
  const answers: SluiceMiddleware = (c, next) =>
    c.req.path === "/own" ? Promise.resolve(c.text("of its own", 418)) : next().then(() => undefined);
  const scene = await open(t, [noting("a"), noting("b"), answers]);
  assert.match(await ask(scene, get("/own", CLOSE)), /^HTTP\/1\.1 418 [^]*\r\nof its own\r\n/);
  assert.deepEqual(order, ["a", "b", "b after", "a after"]);
  assert.equal(scene.server.received, "");
  assert.match(await ask(scene), /^HTTP\/1\.1 200 /);
});

test("c.var has route, backend, request id and client", async (t) => {
  const seen: SluiceEnv["Variables"][] = [];
  const looks: SluiceMiddleware = async (c, next) => {
    seen.push({ ...c.var });
    await next();
    seen.push({ ...c.var });
  };
  const scene = await open(t, [looks], {
    frontend: {
      middleware: [looks],
      trusted_proxies: ["127.0.0.1"],
      rules: [{ if: "path == /split", split: { app: 1 } }],
      routes: [{ path_prefix: "/a", backend: "app" }],
      default_backend: undefined,
    },
  });
  const ids = ["X-Request-Id: mine", "X-Forwarded-For: 192.0.2.7", CLOSE];
  await ask(scene, get("/a/b", ...ids));
  await ask(scene, get("/split", ...ids));
  await ask(scene, get("/nowhere", ...ids));
  const common = { requestId: "mine", client: "192.0.2.7" };
  assert.deepEqual(seen, [
    { route: "/a", backend: "app", ...common },
    { route: "/a", backend: "app", ...common },
    { route: "path == /split", backend: undefined, ...common },
    { route: "path == /split", backend: "app", ...common },
    { route: undefined, backend: undefined, ...common },
    { route: undefined, backend: undefined, ...common },
  ]);
});

test("a route has middlewares of its own, or none", async (t) => {
  const mark = (word: string): SluiceMiddleware => async (c, next) => {
    await next();
    c.header("X-Mark", word);
  };
  const scene = await open(t, [], {
    frontend: {
      middleware: [mark("frontend")],
      routes: [
        { path_prefix: "/own", backend: "app", middleware: [mark("route")] },
        { path_prefix: "/off", backend: "app", middleware: false },
      ],
    },
  });
  const marks = [];
  for (const path of ["/own", "/off", "/"]) {
    marks.push(/x-mark: (\w+)/i.exec(await ask(scene, get(path, CLOSE)))?.[1]);
  }
  assert.deepEqual(marks, ["route", undefined, "frontend"]);
});

const THROWS: [when: string, middleware: SluiceMiddleware][] = [
  ["before the request is sent", () => {
    throw new Error("a secret");
  }],
  ["later, as a promise", () => Promise.reject(new Error("a secret"))],
  ["what is no error", () => {
    throw "a secret";
  }],
  ["after the answer came", async (_c, next) => {
    await next();
    throw new Error("a secret");
  }],
];
for (const [when, middleware] of THROWS) {
  test(`what a middleware throws ${when} is a 500 with its name in the log, and nowhere else`, async (t) => {
    Object.defineProperty(middleware, "name", { value: "mine" });
    let status = 0;
    const outer: SluiceMiddleware = async (c, next) => {
      await next();
      status = c.res.status;
    };
    const scene = await open(t, [outer, middleware]);
    const answer = await ask(scene);
    assert.match(answer, /^HTTP\/1\.1 500 [^]*details="middleware_failed"/);
    assert.doesNotMatch(answer, /secret|mine/);
    const line = await scene.proxy.access(0);
    assert.deepEqual([line.reason, line.detail], ["middleware_failed", "mine: a secret"]);
    assert.equal(status, 500);
    await eventually("the server's answer is let go of", () => scene.proxy.inFlight() === 0);
  });
}

test("an answer that a middleware replaces by its own is let go of, though more of it is to come", async (t) => {
  const replaces: SluiceMiddleware = async (c, next) => {
    await next();
    c.res = undefined; // Hono's way to begin anew
    c.res = new Response("another");
  };
  const scene = await open(t, [replaces], {
    answer: () => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun",
  });
  assert.match(await ask(scene), /\r\nanother\r\n/);
  await eventually("it is let go of", () => scene.proxy.inFlight() === 0 && scene.server.open === 0);
});

test("a middleware that neither answers nor goes on is a 500", async (t) => {
  const scene = await open(t, [function lazy() {}]);
  assert.match(await ask(scene), /^HTTP\/1\.1 500 /);
  const line = await scene.proxy.access(0);
  assert.match(String(line.detail), /^lazy: /);
});

for (const thrown of [null, undefined, "a text"]) {
  test(`a middleware that throws ${String(thrown)} is a 500 with its name in the log`, async (t) => {
    const scene = await open(t, [function throws() {
      throw thrown;
    }]);
    assert.match(await ask(scene), /^HTTP\/1\.1 500 [^]*middleware_failed/);
    assert.equal((await scene.proxy.access(0)).detail, `throws: ${String(thrown)}`);
  });
}

test("an answer that comes when its client has another one from a middleware is let go of", async (t) => {
  const impatient: SluiceMiddleware = (c, next) => {
    void next();
    return Promise.resolve(c.text("not now", 503));
  };
  const scene = await open(t, [impatient], { answer: () => undefined });
  assert.match(await ask(scene), /^HTTP\/1\.1 503 [^]*not now/);
  const connection = await asked(scene.server);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
  await eventually("the server is let go of", () => connection.ended && scene.proxy.inFlight() === 0);
});

test("what Hono's own middlewares throw is answered as they want it", async (t) => {
  const refuses: SluiceMiddleware = () => {
    throw new HTTPException(402, { message: "pay first" });
  };
  const scene = await open(t, [refuses]);
  assert.match(await ask(scene), /^HTTP\/1\.1 402 [^]*\r\npay first\r\n/);
  assert.equal((await scene.proxy.access(0)).reason, "ok");
});

test("a middleware of Hono's serves by this key", async (t) => {
  const scene = await open(t, [cors({ origin: "https://a.example" })]);
  assert.match(
    await ask(scene, get("/", "Origin: https://a.example", CLOSE)),
    /access-control-allow-origin: https:\/\/a\.example\r\n/i,
  );
  assert.match(
    await ask(scene, request("OPTIONS", "/", ["Origin: https://a.example", CLOSE])),
    /^HTTP\/1\.1 204 /,
  );
});

test("a middleware sees the answer to a failure, and the log its reason", async (t) => {
  const replaces: SluiceMiddleware = async (c, next) => {
    await next();
    if (c.res.status === 502) c.res = c.text("come back later", 503);
  };
  const scene = await open(t, [replaces], { entry: { url: "http://127.0.0.1:9" } });
  assert.match(await ask(scene), /^HTTP\/1\.1 503 [^]*come back later$/);
  assert.equal((await scene.proxy.access(0)).reason, "connect_refused");
});

test("bodies, HEAD and upgrades go through a middleware", async (t) => {
  const passes: SluiceMiddleware = async (_c, next) => await next();
  const scene = await open(t, [passes], {
    answer: (head, connection) =>
      head.includes("POST ")
        ? void connection.until("sent body").then(() => connection.send(ok("got it")))
        : head.includes("HEAD ")
        ? "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"
        : "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: own\r\n\r\nhello",
  });
  assert.equal(bodyOf(await ask(scene, post("sent body", CLOSE))), "got it");
  assert.match(await ask(scene, request("HEAD", "/", [CLOSE])), /\r\nContent-Length: 42\r\n/i);
  const c = await scene.client();
  c.send(get("/", "Connection: upgrade", "Upgrade: own"));
  await c.until(/^HTTP\/1\.1 101 [^]*hello$/);
});

test("a client that leaves while a middleware waits for an answer ends the request", async (t) => {
  const passes: SluiceMiddleware = async (_c, next) => await next();
  const scene = await open(t, [passes], { answer: () => undefined });
  const c = await scene.client();
  c.send(get());
  await eventually("it is sent", () => scene.proxy.inFlight() === 1);
  c.reset();
  await eventually("it is given up", () => scene.proxy.inFlight() === 0);
});

test("explain names the middlewares", async (t) => {
  const mine: SluiceMiddleware = async (_c, next) => await next();
  const { proxy } = await open(t, [mine]);
  const asked = { method: "GET", url: "http://a.example/", headers: [], from: "::1" };
  assert.ok(explainRequest(proxy.running.snapshot, asked).rules.includes("middleware: mine"));
});

/** A folder with a module, gone after the test. */
function folderWith(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-middleware-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function proxyWith(t: TestContext, middleware: readonly string[]) {
  const proxy = createProxy({
    frontends: [{ bind: "127.0.0.1:0", middleware, rules: [{ respond: { body: "answer" } }] }],
  }, { log: SILENT_LOG });
  t.after(() => proxy.stop());
  return proxy;
}

test("createProxy() loads files, relative to the working directory, and requests wait for them", async (t) => {
  const folder = folderWith(t, {
    "my.ts":
      `export default async (c: { header(name: string, value: string): void }, next: () => Promise<void>) => {
      await next();
      c.header("X-Own", "1");
    };`,
  });
  const proxy = proxyWith(t, [`./${relative(process.cwd(), join(folder, "my.ts"))}`]);
  assert.equal((await proxy.fetch(new Request("http://a/"))).headers.get("x-own"), "1");
  await proxy.start();
});

test("createProxy().start() rejects with what is wrong with each file, and requests are answered 500", async (t) => {
  const folder = folderWith(t, {
    "none.ts": "export const x = 1;\n",
    "text.js": "export default 'x';\n",
    "throws.ts": "throw new Error('no such day');\n",
    "broken.ts": "export default (c, next) => {\n  const = 1;\n};\n",
  });
  const files = ["none.ts", "text.js", "throws.ts", "broken.ts", "gone.ts"].map((name) => join(folder, name));
  const proxy = proxyWith(t, files);
  const answer = await proxy.fetch(new Request("http://a/"));
  assert.deepEqual([answer.status, await answer.text()].map(String)[0], "500");
  const error = await proxy.start().then(() => undefined, (error) => error);
  assert.ok(error instanceof ConfigError);
  const accepted = "; accepted: a module that exports a middleware of Hono by default";
  const wanted = [
    `which has no default export${accepted}`,
    `whose default export is no function${accepted}`,
    "which cannot be loaded: no such day",
    "which cannot be loaded: ",
    "which is not there",
  ];
  const lines = error.message.split("\n");
  assert.equal(lines.length, wanted.length);
  for (const [i, line] of lines.entries()) {
    const whole = `config: frontends[0].middleware[${i}]: is ${JSON.stringify(files[i])}, ${wanted[i]}`;
    assert.ok(line.startsWith(whole), `${line}\n${whole}`);
  }
  assert.match(lines[3]!, / \(at 2:\d+\)$/); // where the module itself is wrong
});

test("middleware says what it accepts", () => {
  const text = (middleware: string) =>
    `[[frontends]]\nbind = ":0"\ndefault_backend = "a"\nmiddleware = ${middleware}\n` +
    `[backends.a]\nservers = ["http://127.0.0.1:9"]\n`;
  const form = 'the path of a module, such as "./my.ts" or "/etc/sluice/my.js"';
  const found = [`["my.ts"]`, `["./my.txt"]`, `["https://a/my.ts"]`, `[1]`].map((list) =>
    refusals(text(list))[0]
  );
  assert.deepEqual(
    found,
    [`"my.ts"`, `"./my.txt"`, `"https://a/my.ts"`, "1"].map((value) =>
      `c:4:15: frontends[0].middleware[0]: is ${value}; accepted: ${form}`
    ),
  );
  const list = form.replace("the path of a module", "paths of modules");
  assert.deepEqual(refusals(text(`"./my.ts"`)), [
    `c:4:14: frontends[0].middleware: is "./my.ts"; accepted: a list of ${list}`,
  ]);
  assert.deepEqual(refusals(text("[]")), [
    `c:4:14: frontends[0].middleware: is an empty list; accepted: a list of ${list}`,
  ]);
  assert.deepEqual(
    refusal(() => validateConfig({ frontends: [{ bind: () => {}, rules: [{ respond: {} }] }] })),
    refusal(() => validateConfig({ frontends: [{ bind: [() => {}], rules: [{ respond: {} }] }] }))
      .map((line) => line.replace("bind[0]", "bind")),
  );
});
