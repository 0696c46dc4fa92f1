// When a request goes to another server, and when it must not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import type { RawConnection } from "../support/raw-server.ts";
import { asked, bodyOf, get, ok, post, request } from "./scene.ts";
import {
  type Behaviour,
  breaksOffAfter,
  hangsUp,
  isSilent,
  openRetryScene,
  resets,
  type RetryScene,
} from "./retry-scene.ts";

const CLOSE = "Connection: close";
const TWO = ok("two");
const UNAVAILABLE = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
const MANY = { attempts: 10, budget: 1 };

/** What the access log says of the request at `index`. */
async function logged({ proxy }: RetryScene, index = 0): Promise<Record<string, unknown>> {
  const { status, reason, attempts, tried, server } = await proxy.access(index);
  return { status, reason, attempts, tried, server };
}

/** How many kinds of failures count against the servers. */
function held({ proxy }: RetryScene): number {
  return proxy.running.snapshot.backends.get("app")!.servers.reduce(
    (sum, { failures }) => sum + failures.size,
    0,
  );
}

const FAILURES: [kind: string, behaviour: Behaviour, status: number, asked: number][] = [
  ["connect_refused", "refuses", 502, 0],
  ["upstream_reset", hangsUp, 502, 1],
  ["upstream_reset", resets, 502, 1],
  ["response_timeout", isSilent, 504, 1],
];
const TIMEOUTS = { timeouts: { response: "300ms" } };
for (const [kind, behaviour, status, count] of FAILURES) {
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS"]) {
    test(`forward() sends ${method} to another server after ${kind}`, async (t) => {
      const scene = await openRetryScene(t, [behaviour, TWO], { backend: TIMEOUTS });
      const received = await scene.ask(request(method, "/", [CLOSE]));
      assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
      assert.equal(bodyOf(received), method === "HEAD" ? "" : "two");
      assert.deepEqual(scene.counts(), [count, 1]);
      assert.deepEqual(await logged(scene), {
        status: 200,
        reason: "ok",
        attempts: 2,
        tried: `${scene.name(0)} ${kind}`,
        server: scene.name(1),
      });
    });
  }
  for (const method of ["POST", "PATCH", "LOCK"]) {
    const moves = kind === "connect_refused";
    test(`forward() sends ${method} to ${moves ? "another" : "no other"} server after ${kind}`, async (t) => {
      const scene = await openRetryScene(t, [behaviour, TWO], { backend: TIMEOUTS });
      const received = await scene.ask(request(method, "/", [CLOSE, "Content-Length: 4"]) + "body");
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${moves ? 200 : status} `));
      assert.deepEqual(scene.counts(), moves ? [0, 1] : [1, 0]);
      const { attempts, tried, server } = await logged(scene);
      assert.deepEqual(
        [attempts, tried, server],
        moves ? [2, `${scene.name(0)} ${kind}`, scene.name(1)] : [1, undefined, scene.name(0)],
      );
    });
  }
}

const BEGUN = [
  "H",
  "HTTP/1.1 200 OK\r\nContent-Le",
  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
  "HTTP/9.9 what\r\n\r\n",
];
for (const text of BEGUN) {
  test(`forward() asks nobody else once a byte of an answer came: ${JSON.stringify(text)}`, async (t) => {
    const scene = await openRetryScene(t, [breaksOffAfter(text), TWO]);
    const received = await scene.ask(get("/", CLOSE));
    assert.deepEqual(scene.counts(), [1, 0]);
    assert.match(received, /(?:^|\r\n\r\n)HTTP\/1\.1 502 /);
    const { attempts, tried } = await logged(scene);
    assert.deepEqual([attempts, tried], [1, undefined]);
  });
}

for (const framing of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
  test(`forward() cuts the answer and asks nobody else after its head (${framing})`, async (t) => {
    const text = `HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`;
    const begun = breaksOffAfter(text + (framing.startsWith("T") ? "4\r\nhalf\r\n" : "half"));
    const scene = await openRetryScene(t, [begun, TWO]);
    const c = await scene.client();
    c.send(get());
    await eventually("the connection to break", () => c.closed);
    assert.equal(c.error, "ECONNRESET");
    assert.deepEqual(scene.counts(), [1, 0]);
    const { status, reason, attempts, tried } = await logged(scene);
    assert.deepEqual([status, reason, attempts, tried], [200, "upstream_reset", 1, undefined]);
  });
}

for (const balance of ["first", "round_robin", "random", "least_connections"]) {
  test(`forward() asks each server once, by ${balance}`, async (t) => {
    const failing: Behaviour[] = [hangsUp, "refuses", resets, hangsUp];
    const scene = await openRetryScene(t, failing, { backend: { balance, retries: MANY } });
    assert.match(await scene.ask(get("/", CLOSE)), /^HTTP\/1\.1 502 /);
    assert.deepEqual(scene.counts(), [1, 0, 1, 1]);
    const { attempts, tried, server } = await logged(scene);
    assert.equal(attempts, 4);
    const names = [...String(tried).split(", ").map((one) => one.split(" ")[0]!), server];
    assert.deepEqual([...names].sort(), failing.map((_, i) => scene.name(i)).sort());
  });
}

for (const attempts of [1, 2, 3]) {
  test(`forward() makes at most ${attempts} attempts where the config says so`, async (t) => {
    const scene = await openRetryScene(t, [hangsUp, hangsUp, hangsUp, hangsUp], {
      backend: { retries: { attempts } },
    });
    assert.match(await scene.ask(get("/", CLOSE)), /^HTTP\/1\.1 502 /);
    assert.deepEqual(scene.counts(), [1, 1, 1, 1].fill(0, attempts));
    assert.equal((await logged(scene))["attempts"], attempts);
  });
}

const BUDGETS: [budget: number, requests: number, retries: number][] = [
  [0.2, 5, 3],
  [0.2, 60, 12],
  [0.5, 20, 10],
  [0, 20, 3],
  [1, 20, 20],
];
for (const [budget, requests, retries] of BUDGETS) {
  test(`forward() repeats ${retries} of ${requests} where all fail and the budget is ${budget}`, async (t) => {
    const scene = await openRetryScene(t, [hangsUp, hangsUp], { backend: { retries: { budget } } });
    for (let i = 0; i < requests; i++) await scene.ask(get("/", CLOSE));
    assert.deepEqual(scene.counts(), [requests, retries]);
    const sum = scene.proxy.accesses.reduce((sum, { attempts }) => sum + (attempts as number), 0);
    assert.equal(sum, requests + retries);
  });
}

for (const [deadline, repeats] of [["250ms", false], ["0s", true], ["30s", true]] as const) {
  test(`forward() ${repeats ? "asks" : "does not ask"} again after 300 ms, deadline ${deadline}`, async (t) => {
    const scene = await openRetryScene(t, [isSilent, TWO], {
      backend: { ...TIMEOUTS, retries: { deadline } },
    });
    assert.match(await scene.ask(get("/", CLOSE)), repeats ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 504 /);
    assert.deepEqual(scene.counts(), repeats ? [1, 1] : [1, 0]);
  });
}

const STATUSES = { backend: { retries: { statuses: [503, 529], attempts: 3, budget: 1 } } };
test("forward() passes a 503 on where its repetition was not asked for", async (t) => {
  const scene = await openRetryScene(t, [UNAVAILABLE, TWO]);
  assert.match(await scene.ask(get("/", CLOSE)), /^HTTP\/1\.1 503 [^]*busy$/);
  assert.deepEqual(scene.counts(), [1, 0]);
});

test("forward() asks another server after a status of the list, and frees the dropped answer", async (t) => {
  const endless = "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n";
  const empty = "HTTP/1.1 529 Overloaded\r\nContent-Length: 0\r\n\r\n";
  const scene = await openRetryScene(t, [endless, empty, TWO], STATUSES);
  assert.match(await scene.ask(get("/", CLOSE)), /^HTTP\/1\.1 200 [^]*two$/);
  assert.deepEqual(scene.counts(), [1, 1, 1]);
  await eventually("the endless answer to be given up", () => scene.servers[0]!.open === 0);
  const { attempts, tried } = await logged(scene);
  assert.deepEqual([attempts, tried], [3, `${scene.name(0)} 503, ${scene.name(1)} 529`]);
});

test("forward() passes a status of the list on where the method is POST", async (t) => {
  const scene = await openRetryScene(t, [UNAVAILABLE, TWO], STATUSES);
  assert.match(await scene.ask(post("body", CLOSE)), /^HTTP\/1\.1 503 [^]*busy$/);
  assert.deepEqual(scene.counts(), [1, 0]);
});

test("forward() passes the last answer on where no server is left", async (t) => {
  const scene = await openRetryScene(t, [UNAVAILABLE, UNAVAILABLE.replace("busy", "last")], STATUSES);
  assert.match(await scene.ask(get("/", CLOSE)), /^HTTP\/1\.1 503 [^]*last$/);
  assert.deepEqual(scene.counts(), [1, 1]);
  assert.deepEqual(await logged(scene), {
    status: 503,
    reason: "ok",
    attempts: 2,
    tried: `${scene.name(0)} 503`,
    server: scene.name(1),
  });
});

test("forward() closes a tunnel that it drops for its status", async (t) => {
  const switches = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
  const scene = await openRetryScene(t, [switches, TWO], { backend: { retries: { statuses: 101 } } });
  await scene.ask(get("/", "Connection: Upgrade, close", "Upgrade: echo"));
  if (scene.counts()[1] === 1) await eventually("its end", () => scene.servers[0]!.open === 0, 1000);
});

for (const behaviours of [[isSilent, TWO], [hangsUp, isSilent], ["refuses", isSilent]] as Behaviour[][]) {
  const last = behaviours.indexOf(isSilent);
  test(`forward() stops attempt ${last + 1} when the client leaves, and blames nobody`, async (t) => {
    const scene = await openRetryScene(t, behaviours);
    const c = await scene.client();
    c.send(get());
    await asked(scene.servers[last]!);
    const before = held(scene);
    assert.equal(scene.proxy.inFlight(), 1);
    c.reset();
    await eventually("the attempt to end", () => scene.servers[last]!.open === 0);
    assert.equal((await logged(scene))["reason"], "client_closed");
    assert.deepEqual([held(scene), scene.proxy.inFlight()], [before, 0]);
    if (last === 0) assert.equal(scene.servers[1]!.connections.length, 0);
  });
}

for (const behaviour of ["refuses", hangsUp] as Behaviour[]) {
  test(`forward() opens a tunnel at another server (${String(behaviour).slice(0, 20)})`, async (t) => {
    const scene = await openRetryScene(t, [behaviour, isSilent]);
    const c = await scene.client();
    c.send(get("/", "Connection: Upgrade", "Upgrade: echo") + "EARLY");
    const connection = await asked(scene.servers[1]!);
    assert.equal(bodyOf(connection.received), ""); // promise 8
    connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello");
    await c.until("\r\n\r\nhello");
    await connection.until("\r\n\r\nEARLY");
    c.close();
    const { status, attempts } = await logged(scene);
    assert.deepEqual([status, attempts], [101, 2]);
  });
}

test("forward() answers pipelined requests in order behind one that was repeated", async (t) => {
  const scene = await openRetryScene(t, [hangsUp, TWO, ok("three")], { backend: { retries: MANY } });
  const received = await scene.ask(get("/1") + post("body") + get("/3") + get("/4", CLOSE));
  // The POST is not repeated, all others are.
  assert.deepEqual(received.match(/(?<=HTTP\/1\.1 )\d+/g), ["200", "502", "200", "200"]);
  assert.deepEqual(scene.counts(), [4, 3, 0]);
});

const KEY = "Idempotency-Key: 7f3a";
const OPTED: [keys: Record<string, unknown>, line: string | undefined, repeats: boolean][] = [
  [{}, KEY, false],
  [{ idempotency_key: true }, undefined, false],
  [{ idempotency_key: true }, KEY, true],
];
for (const [keys, line, repeats] of OPTED) {
  const what = `a POST ${line === undefined ? "without" : "with"} a key, ${JSON.stringify(keys)}`;
  test(`forward() ${repeats ? "asks another server for" : "does not repeat"} ${what}`, async (t) => {
    const scene = await openRetryScene(t, [hangsUp, TWO], { backend: { retries: keys } });
    const received = await scene.ask(post("body", CLOSE, ...(line === undefined ? [] : [line])));
    assert.match(received, repeats ? /^HTTP\/1\.1 200 [^]*two$/ : /^HTTP\/1\.1 502 /);
    assert.deepEqual(scene.counts(), [1, repeats ? 1 : 0]);
    assert.equal((await scene.proxy.access(0))["retry"], repeats ? undefined : "not_idempotent");
  });
}

for (const repeats of [false, true]) {
  const what = `whose used connection died, stale_connection = ${repeats}`;
  test(`attempt() ${repeats ? "sends a POST again" : "does not send a POST again"} ${what}`, async (t) => {
    let posts = 0;
    const server = (connection: RawConnection) => {
      const posted = connection.received.endsWith("body");
      if (!posted && !connection.received.endsWith("\r\n\r\n")) return;
      // As if it closed what is unused while the first POST was on its way.
      if (posted && posts++ === 0) return connection.close();
      connection.received = "";
      connection.send(ok("one", "Keep-Alive: timeout=60"));
    };
    const scene = await openRetryScene(t, [server], { backend: { retries: { stale_connection: repeats } } });
    await scene.ask(get("/", CLOSE));
    const received = await scene.ask(post("body", CLOSE));
    assert.match(received, repeats ? /^HTTP\/1\.1 200 [^]*one$/ : /^HTTP\/1\.1 502 /);
    assert.equal(posts, repeats ? 2 : 1);
    const { attempts, retry } = await scene.proxy.access(1);
    assert.deepEqual({ attempts, retry }, { attempts: 1, retry: repeats ? undefined : "not_idempotent" });
  });
}

const LONG = "x".repeat(100_000);
const OBSTACLES: [retry: string, text: string, servers: Behaviour[], retries: Record<string, unknown>][] = [
  ["not_idempotent", post("body", CLOSE), [hangsUp, TWO], {}],
  ["answered", get("/", CLOSE), [breaksOffAfter("HTTP/1.1 2"), TWO], {}],
  ["attempts", get("/", CLOSE), [hangsUp, hangsUp, TWO], {}],
  ["attempts", get("/", CLOSE), ["refuses", TWO], { attempts: 1 }],
  ["no_server", get("/", CLOSE), [hangsUp], {}],
  ["deadline", get("/", CLOSE), [(connection) => void setTimeout(() => connection.close(), 20), TWO], {
    deadline: "5ms",
  }],
  ["no_server", get("/", CLOSE), [UNAVAILABLE], { statuses: [503] }],
  [
    "body",
    request("PUT", "/", [CLOSE, `Content-Length: ${LONG.length}`]) + LONG,
    [(connection) => void (connection.received.endsWith("x".repeat(70_000)) && connection.close()), TWO],
    {},
  ],
];
for (const [retry, text, servers, retries] of OBSTACLES) {
  test(`mayRepeat() notes ${retry} (${text.slice(0, 4)}, ${servers.length}, ${JSON.stringify(retries)})`, async (t) => {
    const scene = await openRetryScene(t, servers, { backend: { retries } });
    await scene.ask(text);
    assert.equal((await scene.proxy.access(0))["retry"], retry);
  });
}

test("mayRepeat() notes budget where the share of retries is used up", async (t) => {
  const scene = await openRetryScene(t, [hangsUp, hangsUp, TWO], { backend: { retries: { budget: 0 } } });
  const notes: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    await scene.ask(get("/", CLOSE));
    notes.push((await scene.proxy.access(i))["retry"]);
  }
  assert.ok(notes.includes("budget"), notes.join());
});
