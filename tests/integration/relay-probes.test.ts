// Probes of parents: through them to an address that answers 204, or by a tunnel.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { bodyOf, ok } from "./scene.ts";
import { credentials, linesOf, lone, openRelay, type Saying, statusOf } from "./relay-scene.ts";

const RHYTHM = { interval: "30ms", fast_interval: "10ms", timeout: "2s" };
const NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n";

/** A parent that answers probes with what `state` says, and all else with its name. */
function parent(name: string, state: { probe: string | undefined }, probes: string[] = []): Saying {
  return (head) => {
    if (!head.includes("User-Agent: sluice-health-check\r\n")) return ok(`<${name}>`);
    probes.push(head);
    return state.probe;
  };
}

test("startHealthChecks() asks for an address through a parent, with its credentials", async (t) => {
  const probes: string[] = [];
  await openRelay(t, {
    parents: [parent("one", { probe: NO_CONTENT }, probes)],
    entry: { username: "us", password: "s3cret" },
    backend: { health_check: { ...RHYTHM, url: "http://Probe.test:8080/generate_204?x" } },
  });
  assert.deepEqual(linesOf(probes[0]!), [
    "GET http://Probe.test:8080/generate_204?x HTTP/1.1",
    "Host: probe.test:8080",
    credentials("us", "s3cret"),
    "User-Agent: sluice-health-check",
    "Accept: */*",
    "Connection: close",
  ]);
});

test("resolveHealthCheck() asks parents for an address of the Internet where the config names none", async (t) => {
  const probes: string[] = [];
  await openRelay(t, {
    parents: [parent("one", { probe: NO_CONTENT }, probes)],
    backend: { health_check: RHYTHM },
  });
  assert.match(probes[0]!, /^GET http:\/\/connectivitycheck\.gstatic\.com\/generate_204 HTTP\/1\.1\r\n/);
});

const answers: [what: string, answer: string, up: boolean][] = [
  ["204", NO_CONTENT, true],
  ["204 in HTTP/1.0", "HTTP/1.0 204 No Content\r\n\r\n", true],
  ["200 with the page of a captive portal", ok("<html>log in</html>"), false],
  ["302", ok().replace("200 OK", "302 Found"), false],
  ["407", ok().replace("200 OK", "407 Who"), false],
  ["502", ok().replace("200 OK", "502 Bad Gateway"), false],
  ["nonsense", "nonsense\r\n\r\n", false],
];
for (const [what, answer, up] of answers) {
  test(`startHealthChecks() takes ${what} of a parent for ${up ? "a pass" : "a failure"}`, async (t) => {
    const { ask, proxy } = await openRelay(t, {
      parents: [parent("one", { probe: answer })],
      backend: { health_check: RHYTHM },
    });
    assert.equal(proxy.running.status().backends[0]!.servers[0]!.up, up);
    assert.equal(statusOf(await ask(lone("http://h.example/"))), up ? 200 : 503);
  });
}

const tunnels: [what: string, answer: string, up: boolean][] = [
  ["200", "HTTP/1.1 200 Connection established\r\n\r\n", true],
  ["a 2xx that declares a body", "HTTP/1.1 201 Fine\r\nContent-Length: 100\r\n\r\n", true],
  ["403", ok().replace("200 OK", "403 No"), false],
  ["407", ok().replace("200 OK", "407 Who"), false],
];
for (const [what, answer, up] of tunnels) {
  test(`startHealthChecks() with type "connect" takes ${what} for ${up ? "a pass" : "a failure"}`, async (t) => {
    const probes: string[] = [];
    const { proxy, parents } = await openRelay(t, {
      parents: [parent("one", { probe: answer }, probes)],
      entry: { username: "us", password: "s3cret" },
      backend: { health_check: { ...RHYTHM, type: "connect", target: "probe.test:443" } },
    });
    assert.equal(proxy.running.status().backends[0]!.servers[0]!.up, up);
    assert.deepEqual(linesOf(probes[0]!).slice(0, 3), [
      "CONNECT probe.test:443 HTTP/1.1",
      "Host: probe.test:443",
      credentials("us", "s3cret"),
    ]);
    await eventually("the probe's tunnel to be closed", () => parents[0]!.connections[0]!.ended);
  });
}

test("startHealthChecks() takes a parent out whose way is shut, and brings it back", async (t) => {
  const state = { probe: NO_CONTENT as string | undefined };
  const { ask, proxy } = await openRelay(t, {
    parents: [parent("one", state), parent("two", { probe: NO_CONTENT })],
    backend: { balance: "first", health_check: RHYTHM },
  });
  const way = async () => bodyOf(await ask(lone("http://h.example/")));
  assert.equal(await way(), "<one>");
  state.probe = ok("<html>log in</html>");
  await eventually("the first to be down", () => proxy.events.some(({ event }) => event === "server_down"));
  assert.equal(await way(), "<two>");
  state.probe = NO_CONTENT;
  await eventually("the first again", async () => await way() === "<one>");
});

test("Backend.pick() takes parents by priority, the lowest first, and falls back", async (t) => {
  const states = [NO_CONTENT, NO_CONTENT, NO_CONTENT].map((probe) => ({ probe: probe as string }));
  const scene = await openRelay(t, { parents: states.map((state, i) => parent(`${i}`, state)) });
  await scene.reload({
    backend: {
      balance: "priority",
      health_check: RHYTHM,
      servers: scene.parents.map(({ port }, i) => ({
        url: `http://127.0.0.1:${port}`,
        priority: [20, 10, 30][i],
      })),
    },
  });
  const way = async () => bodyOf(await scene.ask(lone("http://h.example/")));
  assert.equal(await way(), "<1>");
  states[1]!.probe = "nonsense\r\n\r\n";
  await eventually("the next", async () => await way() === "<0>");
  states[0]!.probe = "nonsense\r\n\r\n";
  await eventually("the last", async () => await way() === "<2>");
  states[1]!.probe = NO_CONTENT;
  await eventually("the first again", async () => await way() === "<1>");
});
