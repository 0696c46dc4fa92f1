// A parent that fails is replaced by the next, before the client sees anything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { messagesIn, ok } from "./scene.ts";
import {
  absolute,
  connectTo,
  lone,
  openRelay,
  type RelayScene,
  type Saying,
  statusOf,
} from "./relay-scene.ts";

const OPENED = "HTTP/1.1 200 Connection established\r\nX-Parent: good\r\n\r\n";
const GET = lone("http://h.example/");
const CONNECT = connectTo("h.example:443");

/** What a parent does wrong before a byte of an answer. */
const resets: Saying = (_head, connection) => void connection.reset();
const closes: Saying = (_head, connection) => void connection.end();
const silent: Saying = undefined;
const good: Saying = (head) => head.startsWith("CONNECT") ? OPENED : ok("<good>", "X-Parent: good");

/** Parents in this order: the first is asked first. */
const inOrder = { balance: "first", timeouts: { response: "200ms", connect: "500ms" } };

function requestsOf({ parents }: RelayScene): number[] {
  return parents.map(({ received }) => messagesIn(received));
}

/** Sends `text` and resolves with what comes until a good parent's answer, or the end. */
async function outcome({ client }: RelayScene, text: string): Promise<string> {
  const c = await client();
  c.send(text);
  await eventually("an answer", () => /\r\n\r\n/.test(c.received) || c.ended || c.closed);
  const { received } = c;
  c.close();
  return received;
}

for (const [what, text] of [["GET", GET], ["CONNECT", CONNECT]] as const) {
  for (
    const [fault, saying, reason] of [
      ["closes", closes, "upstream_reset"],
      ["resets", resets, "upstream_reset"],
      ["is silent", silent, "response_timeout"],
    ] as const
  ) {
    test(`forward() asks the next parent where one ${fault}: ${what}`, async (t) => {
      const scene = await openRelay(t, { parents: [saying, good], backend: inOrder });
      const answer = await outcome(scene, text);
      assert.equal(statusOf(answer), 200);
      assert.match(answer, /\r\nX-Parent: good\r\n/);
      assert.equal(messagesIn(answer), 1);
      assert.deepEqual(requestsOf(scene), [1, 1]);
      if (what === "CONNECT") { for (const c of scene.parents[1]!.connections) c.socket.destroy(); }
      const { attempts, tried } = await scene.proxy.access(0);
      assert.deepEqual([attempts, tried], [2, `http://127.0.0.1:${scene.parents[0]!.port} ${reason}`]);
    });
  }

  test(`forward() asks the next parent where one refuses connections: ${what}`, async (t) => {
    const scene = await openRelay(t, { parents: [good, good], backend: inOrder });
    await scene.parents[0]!.close();
    assert.match(await outcome(scene, text), /^HTTP\/1\.1 200 [^]*X-Parent: good/);
    assert.deepEqual(requestsOf(scene), [0, 1]);
  });

  test(`forward() asks three distinct parents at most, then answers 502: ${what}`, async (t) => {
    const scene = await openRelay(t, { parents: [closes, closes, closes, good], backend: inOrder });
    assert.equal(statusOf(await outcome(scene, text)), 502);
    assert.deepEqual(requestsOf(scene), [1, 1, 1, 0]);
  });

  test(`forward() answers 503 where no parent is up: ${what}`, async (t) => {
    const scene = await openRelay(t, {
      parents: [closes, closes],
      backend: { health_check: { interval: "10s" } },
    });
    assert.equal(statusOf(await outcome(scene, text)), 503);
    assert.equal((await scene.proxy.access(0))["reason"], "no_server");
  });
}

test("forward() asks the next parent for the tunnel that another answers with nonsense", async (t) => {
  const scene = await openRelay(t, { parents: ["nonsense\r\n\r\n", good], backend: inOrder });
  assert.match(await outcome(scene, CONNECT), /^HTTP\/1\.1 200 [^]*X-Parent: good/);
});

test("forward() answers 502 where a parent answers a GET with nonsense: it may have been served", async (t) => {
  const scene = await openRelay(t, { parents: ["nonsense\r\n\r\n", good], backend: inOrder });
  assert.equal(statusOf(await outcome(scene, GET)), 502);
  assert.equal((await scene.proxy.access(0))["reason"], "upstream_invalid");
  assert.equal(scene.parents[1]!.received, "");
});

for (const [fault, saying, status] of [["closes", closes, 502], ["is silent", silent, 504]] as const) {
  test(`forward() sends a POST to one parent only where it ${fault}`, async (t) => {
    const scene = await openRelay(t, { parents: [saying, good], backend: inOrder });
    const post = absolute("http://h.example/", ["Content-Length: 4", "Connection: close"], "POST") + "data";
    assert.equal(statusOf(await outcome(scene, post)), status);
    assert.deepEqual(requestsOf(scene), [1, 0]);
  });
}

test("forward() sends a POST to the next parent where the first was never reached", async (t) => {
  const scene = await openRelay(t, { parents: [good, good], backend: inOrder });
  await scene.parents[0]!.close();
  const post = absolute("http://h.example/", ["Content-Length: 4", "Connection: close"], "POST") + "data";
  assert.match(await outcome(scene, post), /<good>$|^HTTP\/1\.1 200 /);
  assert.match(scene.parents[1]!.received, /\r\n\r\ndata$/);
});

test("forward() answers 502 where the target is not there, and 504 where it is silent", async (t) => {
  const scene = await openRelay(t, {
    answer: undefined,
    config: { defaults: { timeouts: { response: "100ms" } } },
    onData() {},
  });
  assert.equal(statusOf(await scene.ask(lone(`http://${scene.place}/`))), 504);
  await scene.target.close();
  assert.equal(statusOf(await scene.ask(lone(`http://${scene.place}/`))), 502);
  assert.equal(statusOf(await scene.ask(connectTo(scene.place))), 502);
});

test("Backend.pick() has no client see that one of two parents dies", async (t) => {
  const scene = await openRelay(t, { parents: [good, good] });
  for (let i = 0; i < 60; i++) {
    if (i === 20) await scene.parents[0]!.close();
    const answer = await outcome(scene, i % 2 === 0 ? GET : CONNECT);
    assert.equal(statusOf(answer), 200);
  }
});
