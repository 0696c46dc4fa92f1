import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadConfigFile, parseConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import type { DescribedRequest } from "../../src/explain/described-request.ts";
import { explainRequest } from "../../src/explain/explain.ts";
import { withOffline } from "../../src/lifecycle/offline.ts";
import { explanationText } from "../../src/explain/explanation-text.ts";
import { Program } from "../support/program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const GOLDEN = fileURLToPath(new URL("./golden/explain/", import.meta.url));
/** GOLDEN=new writes the files anew. */
const WRITES = process.env["GOLDEN"] === "new";

const EXAMPLE: readonly DescribedRequest[] = [
  { method: "GET", url: "http://127.0.0.1:8080/" },
  { method: "GET", url: "http://static.localhost:8080/logo.png" },
  { method: "POST", url: "http://static.localhost:8080/upload", headers: [["Content-Length", "10"]] },
  { method: "HEAD", url: "http://static.localhost/a/../b?x=1" },
  {
    method: "GET",
    url: "http://shop.example/",
    headers: [["Connection", "close, x-hop"], ["X-Hop", "1"], ["Cookie", "session=secret"]],
  },
  {
    method: "GET",
    url: "http://shop.example/",
    headers: [["X-Forwarded-For", "10.1.2.3"], ["X_Forwarded_For", "1"], ["X-Real-IP", "9.9.9.9"]],
    from: "192.0.2.7",
  },
  {
    method: "GET",
    url: "http://shop.example/ws",
    headers: [["Connection", "Upgrade"], ["Upgrade", "websocket"], ["Sec-WebSocket-Key", "x"]],
  },
  { method: "TRACE", url: "http://shop.example/" },
  { method: "OPTIONS", url: "http://shop.example/", headers: [["Max-Forwards", "0"]] },
  { method: "GET", url: "http://shop.example/%00" },
  { method: "POST", url: "http://shop.example/", headers: [["Transfer-Encoding", "chunked"]] },
  { method: "GET", url: "http://shop.example/", headers: [["Host", "a"], ["Host", "b"]] },
];

const RELAY = `
[[frontends]]
name = "out"
bind = "127.0.0.1:3128"
mode = "relay"
default_backend = "parents"
[frontends.relay]
connect_ports = [443]
deny = ["denied.example"]
[frontends.relay.domain_policy]
mode = "blacklist"
domains = ["straight.example", "10.0.0.0/8"]
[backends.parents]
protocol = "proxy"
servers = [{ url = "http://proxy.example:8080", username = "us", password = "secret" }]
`;

const RELAYED: readonly DescribedRequest[] = [
  { method: "GET", url: "http://far.example/x" },
  { method: "CONNECT", url: "far.example:443" },
  { method: "CONNECT", url: "straight.example:443" },
  { method: "CONNECT", url: "far.example:25" },
  { method: "GET", url: "http://straight.example:81/x" },
  { method: "GET", url: "http://denied.example/" },
  { method: "GET", url: "http://10.0.0.1/" },
  { method: "GET", url: "http://far.example/", from: "8.8.8.8" },
];

test("what sluice explain says of twelve requests on the example config is as the golden file has it", () => {
  compare("example.txt", loadConfigFile(`${ROOT}config.example.toml`), EXAMPLE);
});

test("what sluice explain says of the requests of a relay is as the golden file has it", () => {
  compare("relay.txt", parseConfig(RELAY, { file: "relay.toml", format: "toml" }), RELAYED);
});

test("sluice explain prints JSON for programs, and says which frontends there are where it is not clear", async () => {
  const config = `
frontends = [
  { name = "a", bind = "127.0.0.1:8081", default_backend = "x" },
  { name = "b", bind = "127.0.0.1:8082", default_backend = "x" },
]
[backends.x]
servers = ["http://127.0.0.1:1"]
`;
  const clear = Program.start(
    ["explain", "GET", "http://h:8082/", "-c", "{config}", "--json", "-H", "A: 1"],
    config,
  );
  const unclear = Program.start(["explain", "GET", "http://h/", "-c", "{config}"], config);
  try {
    assert.equal(await clear.untilExit(), 0, clear.stderr);
    const { frontend, sent } = JSON.parse(clear.stdout);
    assert.deepEqual([frontend.name, sent.backend, sent.before.at(-1)], ["b", "x", "A: 1"]);
    assert.equal(await unclear.untilExit(), 1);
    assert.match(unclear.stderr, /--frontend with one of a, b/);
  } finally {
    await clear.dispose();
    await unclear.dispose();
  }
});

test("explainRequest() says who the client is of a request that cannot be read as well", () => {
  const config = parseConfig(RELAY, { file: "relay.toml", format: "toml" });
  const clientOf = (from?: string) =>
    withOffline(
      config,
      (snapshot) => explainRequest(snapshot, { method: "G T", url: "http://a/", from }).request.client,
    );
  assert.deepEqual([undefined, "192.0.2.7", "unix"].map(clientOf), ["127.0.0.1", "192.0.2.7", ""]);
});

function compare(file: string, config: Config, requests: readonly DescribedRequest[]): void {
  const explained = withOffline(
    config,
    (snapshot) => requests.map((request) => explanationText(explainRequest(snapshot, request))),
  );
  // A page holds the id of its request, which is longer in a process that has had more requests.
  const text = explained.join("\n----\n\n").replace(/^(\s*content-length: )[1-9]\d*$/gm, "$1…");
  assert.doesNotMatch(text, /secret/);
  if (WRITES) writeFileSync(GOLDEN + file, text);
  assert.equal(text, readFileSync(GOLDEN + file, "utf8"));
}
