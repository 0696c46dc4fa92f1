import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../../../src/config/load.ts";
import { refusal } from "../support.ts";

/** What a text of YAML is read as. */
function readAs(text: string, file = "c.yaml"): string | undefined {
  return loadConfig({ file, text }).readAs?.format;
}

/** What is wrong with one. */
function refused(text: string, file = "c.yaml"): string[] {
  return refusal(() => loadConfig({ file, text }));
}

test("a file of http-proxy-lb is told by two of its keys, even where one that it needs is mistyped", () => {
  assert.equal(readAs("listen: 127.0.0.1:1\nupstream: []\n"), "http-proxy-lb");
  assert.equal(readAs('{"listen": "127.0.0.1:1", "upstream": []}', "c.json"), "http-proxy-lb");
  assert.deepEqual(refused("lisen: 127.0.0.1:1\nupstream: []\naccess_log: true\n"), [
    'c.yaml:1:1: listen: is missing; accepted: "host:port" or "[v6]:port"',
    "c.yaml:1:1: lisen: unknown key; accepted: listen, admin_listen, mode, reload_interval_secs, access_log, " +
    'health_check, limits, domain_policy, upstream; did you mean "listen"?',
  ]);
});

test("one of its keys alone is a mistake in a file of ours, and so are two beside frontends", () => {
  assert.match(refused("listen: 127.0.0.1:1\n").join("\n"), /listen: unknown key; accepted: admin, /);
  const ours = "frontends: [{ bind: ':1', default_backend: a }]\nbackends: { a: { servers: [b] } }\n";
  assert.deepEqual(refused(`${ours}listen: x\nupstream: []\n`).length, 2);
  assert.equal(readAs(ours), undefined);
});

test("a file of reverse-proxy is told by two of its keys", () => {
  assert.equal(
    readAs('listen_addr = "127.0.0.1:1"\nshutdown_timeout = 1\nroutes = []\n', "c.toml"),
    "reverse-proxy",
  );
  assert.deepEqual(refused('listen_addr = "127.0.0.1:1"\nshutdown_timeout = 1\n', "c.toml"), [
    "c.toml:1:1: routes: is missing; accepted: a list of routes",
  ]);
  assert.match(
    refused('[[routes]]\nprefix = "/"\n', "c.toml").join("\n"),
    /^c\.toml:1:3: routes: unknown key/m,
  );
});

test("what looks like a variable is text in a file whose program knew none", () => {
  const text =
    "listen: 127.0.0.1:1\nupstream:\n  - url: http://a:1\n    username: ${USER}\n    password: $${x}\n";
  const [server] = loadConfig({ file: "c.yaml", text }).config.backends["upstream"]!.servers;
  assert.deepEqual([server!.username, server!.password], ["${USER}", "$${x}"]);
});

test("upstreams of one address are one with the weight of both", () => {
  const text =
    "listen: 127.0.0.1:1\nupstream:\n  - url: http://a:1\n  - url: http://a:1\n    weight: 3\n  - url: http://b:1\n";
  const { servers } = loadConfig({ file: "c.yaml", text }).config.backends["upstream"]!;
  assert.deepEqual(servers.map(({ url, weight }) => [url, weight]), [["http://a:1", 4], ["http://b:1", 1]]);
});

test("its admin listener is whole on this machine, where others do not reach it", () => {
  const text = (bind: string) => `listen: 127.0.0.1:1\nadmin_listen: "${bind}"\nupstream: []\n`;
  const pagesOnly = (bind: string) =>
    loadConfig({ file: "c.yaml", text: text(bind) }).config.admin!.pagesOnly;
  assert.deepEqual(["127.0.0.1:9", "[::1]:9", "localhost:9", "0.0.0.0:9"].map(pagesOnly), [
    false,
    false,
    false,
    true,
  ]);
});

test("a file like one of pyhaproxy that says of metrics what only we know is one of ours", () => {
  const text = "frontends: [{ name: w, bind: ':1', default_backend: a }]\n" +
    "backends: { a: { servers: [{ url: 'http://b' }] } }\nmetrics: { enabled: true, compat: false }\n";
  assert.equal(readAs(text), undefined);
  assert.equal(loadConfig({ file: "c.yaml", text }).config.metrics.compat, false);
  assert.equal(readAs(text.replace(", compat: false", "")), "pyhaproxy");
});
