// The policy "hash": what belongs together stays on one server, by each kind of key.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openRetryScene, type RetryScene } from "./retry-scene.ts";
import { bodyOf, get, ok } from "./scene.ts";

const COUNT = 4;

/** Four servers that answer with their number, behind the policy; any peer on this machine may say who the client is. */
function open(t: TestContext, hash: Record<string, unknown>, backend: Record<string, unknown> = {}) {
  return openRetryScene(t, Array.from({ length: COUNT }, (_, i) => ok(String(i), "Connection: close")), {
    backend: { balance: "hash", hash, ...backend },
    frontend: { trusted_proxies: ["127.0.0.1"] },
  });
}

/** Number of the server that answers a GET of `path` with these lines. */
async function serverOf(scene: RetryScene, path: string, ...lines: string[]): Promise<string> {
  return bodyOf(await scene.ask(get(path, ...lines, "Connection: close")));
}

/** A request whose key is number `i`, and which differs in everything else each time that it is made. */
type Keyed = (i: number, round: number) => [path: string, ...lines: string[]];

const forms: [on: string, keyed: Keyed, keyless: [path: string, ...lines: string[]] | undefined][] = [
  ["client", (i, n) => [`/${n}`, `X-Forwarded-For: 192.0.2.${i}`, `X-Round: ${n}`], undefined],
  ["client", (i, n) => [`/${n}`, `X-Forwarded-For: 2001:db8:0:${i}::${n + 1}`], undefined],
  ["path", (i, n) => [`/p/${i}?round=${n}`, `X-Forwarded-For: 192.0.2.${n}`], undefined],
  ["uri", (i, n) => [`/?p=${i}`, `X-Round: ${n}`], undefined],
  ["header(X-User)", (i, n) => [`/${n}`, `x-user: u${i}`], ["/", "X-Other: u1"]],
  ["cookie(sid)", (i, n) => [`/${n}`, `Cookie: round=${n}; sid=s${i}`], ["/", "Cookie: SID=s1"]],
  ["query(user)", (i, n) => [`/${n}?round=${n}&user=u${i}`], ["/?users=u1"]],
];
for (const [on, keyed, keyless] of forms) {
  test(`hash on ${on} sends equal keys to one server, and all keys together to all (${keyed(1, 2)})`, async (t) => {
    const scene = await open(t, { on });
    const used = new Set<string>();
    for (let i = 0; i < 24; i++) {
      const first = await serverOf(scene, ...keyed(i, 0));
      for (let round = 1; round < 3; round++) {
        assert.equal(await serverOf(scene, ...keyed(i, round)), first);
      }
      used.add(first);
    }
    assert.equal(used.size, COUNT);
    if (keyless === undefined) return;
    const before = scene.counts();
    for (let i = 0; i < 2 * COUNT; i++) await serverOf(scene, ...keyless);
    assert.deepEqual(scene.counts().map((count, i) => count - before[i]!), [2, 2, 2, 2]);
  });
}

test("hash goes by the client where nothing else is said, and a client that nobody trusts cannot choose", async (t) => {
  const servers = Array.from({ length: COUNT }, (_, i) => ok(String(i), "Connection: close"));
  const scene = await openRetryScene(t, servers, { backend: { balance: "hash" } });
  const used = new Set<string>();
  for (let i = 0; i < 12; i++) used.add(await serverOf(scene, `/${i}`, `X-Forwarded-For: 192.0.2.${i}`));
  assert.equal(used.size, 1);
});

test("hash sends the keys of a server that refuses to others, always the same, and leaves the rest", async (t) => {
  const scene = await open(t, { on: "path" }, { retries: { budget: 1 } });
  const before = new Map<string, string>();
  for (let i = 0; i < 20; i++) before.set(`/${i}`, await serverOf(scene, `/${i}`));
  await scene.servers[2]!.close();
  for (let round = 0; round < 2; round++) {
    for (const [path, place] of before) {
      const now = await serverOf(scene, path);
      assert.ok(place === "2" ? now !== "2" : now === place, `${path}: ${place}, then ${now}`);
      if (place === "2" && round === 0) before.set(path, now);
    }
  }
});

test("hash with a load factor spreads a hot key over the servers, in its own order", async (t) => {
  const held: (() => void)[] = [];
  const hold = (i: number) => (connection: { received: string; send(text: string): void }) => {
    if (connection.received.endsWith("\r\n\r\n")) held.push(() => connection.send(ok(String(i))));
  };
  const scene = await openRetryScene(t, [hold(0), hold(1), hold(2), hold(3)], {
    backend: { balance: "hash", hash: { on: "path", load_factor: 1.5 } },
  });
  const answers: Promise<string>[] = [];
  for (let i = 1; i <= 8; i++) {
    answers.push(scene.ask(get("/hot", "Connection: close")));
    await eventually(`request ${i}`, () => held.length === i);
  }
  // The bound of the last one is ceil(1.5 × 8 / 4).
  assert.ok(Math.max(...scene.counts()) <= 3, `${scene.counts()}`);
  for (const release of held) release();
  await Promise.all(answers);
  assert.equal(new Set([await again(), await again()]).size, 1);

  async function again(): Promise<string> {
    const answer = scene.ask(get("/hot", "Connection: close"));
    const count = held.length;
    await eventually("the request", () => held.length > count);
    held.at(-1)!();
    return bodyOf(await answer);
  }
});
