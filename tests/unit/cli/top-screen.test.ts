import assert from "node:assert/strict";
import { test } from "node:test";
import { drawTop, type TopState } from "../../../src/cli/top-screen.ts";

const WINDOW = { requests: 600, per_second: 10, error_rate: 0, p50_ms: 2.1, p99_ms: 80 };
const NOW = Date.parse("2030-01-01T00:00:10Z");
const VIEW = { columns: 120, rows: Infinity, colours: false, now: NOW, notice: "" };

function server(changes = {}) {
  return {
    url: "http://10.0.0.1:80",
    condition: "up",
    why: null,
    since: null,
    in_flight: 3,
    flow: [10, 0],
    minute: WINDOW,
    ...changes,
  };
}

function stateOf(...servers: ReturnType<typeof server>[]): TopState {
  const available = servers.filter(({ condition }) => condition === "up").length;
  return {
    version: "1",
    ready: true,
    uptime_seconds: 60,
    connections: 5,
    in_flight: 3,
    minute: WINDOW,
    reloads: { last: null },
    frontends: [{ name: "web", routes: [{ name: "/a", leads_to: "app", bytes_out: 1500, minute: WINDOW }] }],
    backends: [{
      name: "app",
      balance: "roundrobin",
      critical: false,
      in_flight: 3,
      available,
      minute: WINDOW,
      servers,
    }],
  };
}

test("drawTop() shows each server with its gate, its water and its figures", () => {
  const lines = drawTop(stateOf(server()), VIEW);
  assert.equal(lines[1], "The server takes requests.");
  const lane = lines.find((line) => line.includes("10.0.0.1:80"))!;
  assert.match(lane, /^ {2}10\.0\.0\.1:80 +┃▀┃█ +10\/s +3 open +2\.1 ms +80 ms +0 %$/);
  assert.match(lines.at(-1)!, /^ {2}\/a +app +10\/s +0 % +80 ms +1\.5kB$/);
});

test("drawTop() shuts the gate of a server that is out, and says why and for how long", () => {
  const down = server({
    condition: "down",
    why: "probe: L4CON, refused",
    since: "2030-01-01T00:00:00Z",
    flow: null,
  });
  const lines = drawTop(stateOf(server(), down), VIEW);
  assert.equal(lines[1], "1 of 2 servers is out.");
  const at = lines.findIndex((line) => line.includes("┃█┃"));
  assert.equal(lines[at + 1], "    down for 10 s: probe: L4CON, refused");
  assert.match(drawTop(stateOf(down), VIEW)[1]!, /^app: no server left/);
});

test("drawTop() says that a critical backend is empty, and not that the proxy starts or drains", () => {
  const state = stateOf(server({ condition: "down", why: "probe: L4CON, refused" }));
  const notReady = (changes: { critical: boolean }) =>
    drawTop({ ...state, ready: false, backends: [{ ...state.backends[0]!, ...changes }] }, VIEW)[1];
  assert.equal(notReady({ critical: true }), "app: no server left, requests fail; the proxy is not ready.");
  assert.equal(notReady({ critical: false }), "The proxy takes no new requests: it starts, or drains.");
});

test("drawTop() stays within the terminal, and passes on nothing that it would obey", () => {
  const evil = server({ condition: "down", why: "\x1b[2J\r\nx".repeat(50) });
  for (const columns of [10, 60]) {
    const lines = drawTop(stateOf(evil, server()), { ...VIEW, columns, rows: 8 });
    assert.equal(lines.length, 8);
    assert.ok(lines.every((line) => line.length <= columns));
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(lines.join(""), /[\x00-\x1f]/);
  }
});

test("drawTop() says that a config was refused, and what stands in the way", () => {
  const last = { at: "2030-01-01T00:00:00Z", result: "refused", cause: "sluice.toml:3:1: is wrong\nmore" };
  const text = drawTop({ ...stateOf(server()), reloads: { last } }, { ...VIEW, notice: "No answer" }).join(
    "\n",
  );
  assert.match(text, /^The new config was refused: sluice\.toml:3:1: is wrong$/m);
  assert.match(text, /^No answer$/m);
});

test("drawTop() has colours where they are wanted", () => {
  assert.ok(drawTop(stateOf(server()), { ...VIEW, colours: true }).join("").includes("\x1b[36m┃▀┃\x1b[0m"));
});
