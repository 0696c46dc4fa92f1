/** Nobody but a trusted proxy says who the client is; and of what a trusted one passes on, only its own part counts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { forwardedEntries } from "../../src/http/forwarded.ts";
import { roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { openStage, sight } from "./identity-stage.ts";
import { ok } from "./shapes/answer.ts";
import { get } from "./shapes/shape.ts";

/** Lines by which a client claims to be 6.6.6.6 or 6666::6. */
const CLAIMS: string[][] = [
  ["X-Forwarded-For: 6.6.6.6"],
  ["x-forwarded-for: 6.6.6.6, 6.6.6.6"],
  ["X-FORWARDED-FOR: 6.6.6.6", "X-Forwarded-For: 6666::6"],
  ["X-Forwarded-For: 6.6.6.6:80"],
  ["X-Forwarded-For: [6666::6]:80"],
  ["X-Forwarded-For: [6666::6]"],
  ["X-Forwarded-For: ::ffff:6.6.6.6"],
  ["X-Forwarded-For: 6.6.6.6, unknown"],
  ["X-Forwarded-For: 6.6.6.6,"],
  ["X-Forwarded-For: 6.6.6.6, ,"],
  ["X-Forwarded-For: ,6.6.6.6"],
  ["X-Forwarded-For: 6.6.6.6, _hidden, <script>, \xff"],
  ["X-Forwarded-For: 6.6.6.6, 127.0.0.1"],
  ["X-Forwarded-For: 6.6.6.6, 127.0.0.1, 127.0.0.1"],
  ["X-Forwarded-For: 6.6.6.6\t127.0.0.1"],
  ["X-Forwarded-For:"],
  ["X-Real-IP: 6.6.6.6", "x-real-ip: 6666::6"],
  ["Forwarded: for=6.6.6.6"],
  ['Forwarded: for="[6666::6]:80";proto=https;host=evil.test'],
  ["Forwarded: for=6.6.6.6, for=127.0.0.1", "Forwarded: for=6.6.6.6"],
  ['Forwarded: for=6.6.6.6, for="x'],
  ["X-Forwarded-For: 6.6.6.6", "Forwarded: for=6666::6", "X-Real-IP: 6.6.6.6"],
  ["X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test"],
  [
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Port: 443",
    "X-Forwarded-Server: evil",
    "X-Forwarded-User: evil",
  ],
  ["X_Forwarded_For: 6.6.6.6", "X.Real.IP: 6.6.6.6", "x_real_ip: 6.6.6.6"],
  ["Connection: X-Forwarded-For", "X-Forwarded-For: 6.6.6.6"],
];

const UNTRUSTED: [what: string, frontend: Record<string, unknown>][] = [
  ["no trusted_proxies", {}],
  ["an empty list", { trusted_proxies: [] }],
  ["other addresses trusted", { trusted_proxies: ["10.0.0.0/8", "127.0.0.2", "::1", "::/0"] }],
  ["unix sockets trusted", { trusted_proxies: ["unix"] }],
  ["no trusted_proxies, and Forwarded as the client's header", { client_header: "forwarded" }],
  ["an empty list, and Forwarded as the client's header", {
    trusted_proxies: [],
    client_header: "forwarded",
  }],
];
for (const [what, frontend] of UNTRUSTED) {
  test(`the proxy believes no claim of a client, with ${what}`, async (t) => {
    const ask = await openStage(t, { frontend });
    for (const claim of CLAIMS) {
      const { log, sent } = await ask(claim);
      assert.deepEqual([log["client"], log["peer"], log["backend"]], ["127.0.0.1", undefined, "app"]);
      assert.deepEqual(sent("x-real-ip"), ["127.0.0.1"]);
      const chain = sent("x-forwarded-for");
      assert.equal(chain.length, 1);
      assert.equal(chain[0]!.split(",").at(-1)!.trim(), "127.0.0.1");
      // Where the list is there, what others say is dropped.
      if ("trusted_proxies" in frontend) assert.equal(chain[0], "127.0.0.1");
      assert.deepEqual(sent("x-forwarded-proto"), ["http"]);
      assert.deepEqual(sent("x-forwarded-host"), ["a.test"]);
      assert.deepEqual(sent("x-forwarded-port"), ["80"]);
      for (const name of ["prefix", "server", "user"]) {
        assert.deepEqual(sent(`x-forwarded-${name}`), []);
      }
      assert.deepEqual(sent("forwarded"), []);
    }
  });

  test(`the proxy writes a Forwarded of its own, with ${what}`, async (t) => {
    const ask = await openStage(t, { frontend: { ...frontend, forwarded_header: true } });
    for (const claim of CLAIMS) {
      const { sent } = await ask(claim);
      assert.deepEqual(sent("forwarded"), ["for=127.0.0.1;host=a.test;proto=http"]);
    }
  });
}

/** What the trusted proxy wrote behind the claim, the client that it names, and the end of what goes on. */
const REPORTS: [report: string[], client: string, trusted?: string[]][] = [
  [["192.0.2.7"], "192.0.2.7"],
  [["192.0.2.7:4711"], "192.0.2.7"],
  [["[2001:db8::7]:4711"], "2001:db8::7"],
  [["[2001:DB8::7]"], "2001:db8::7"],
  [["::ffff:192.0.2.7"], "192.0.2.7"],
  [["192.0.2.7", "127.0.0.1"], "192.0.2.7"],
  [["192.0.2.7", "10.0.0.9:80", "[::1]:80"], "192.0.2.7", ["private"]],
  [["192.0.2.7", "::ffff:127.0.0.9"], "192.0.2.7", ["127.0.0.0/8"]],
  // What is no address ends the walk at the hop before it.
  [["unknown"], "127.0.0.1"],
  [["_hidden"], "127.0.0.1"],
  [["010.0.0.1"], "127.0.0.1"],
  [["unknown", "10.0.0.9"], "10.0.0.9", ["private"]],
];
const LEFT = ["", "6.6.6.6", "6.6.6.6, 127.0.0.1", "[6666::6]:80", "6.6.6.6, unknown", "<script>, 6.6.6.6"];

for (const [report, client, trusted = ["127.0.0.1"]] of REPORTS) {
  const frontend = { trusted_proxies: trusted };
  test(`the proxy believes the X-Forwarded-For of a trusted one that ends in ${report.join(", ")}`, async (t) => {
    const ask = await openStage(t, { frontend });
    for (const left of LEFT) {
      for (const isOneLine of [true, false]) {
        const all = [...(left === "" ? [] : [left]), ...report];
        const lines = isOneLine ? [all.join(", ")] : all;
        const { log, sent } = await ask([
          ...lines.map((line) => `X-Forwarded-For: ${line}`),
          "Forwarded: for=6.6.6.6",
          "X-Real-IP: 6.6.6.6",
        ]);
        assert.equal(log["client"], client);
        assert.equal(log["peer"], client === "127.0.0.1" ? undefined : "127.0.0.1");
        assert.deepEqual(sent("x-real-ip"), [client]);
        assert.deepEqual(sent("x-forwarded-for"), [[...all, "127.0.0.1"].join(", ")]);
        assert.deepEqual(sent("forwarded"), []);
      }
    }
  });

  test(`the proxy believes the Forwarded of a trusted one that ends in ${report.join(", ")}`, async (t) => {
    const own = { ...frontend, client_header: "forwarded", forwarded_header: true };
    const ask = await openStage(t, { frontend: own });
    const lefts = ["", "for=6.6.6.6, ", 'proto=https;for="[6666::6]:80";host=evil.test, ', "proto=x, "];
    for (const left of lefts) {
      const chain = left + report.map((entry) => `for="${entry}"`).join(", ");
      const lines = [`Forwarded: ${chain}`, "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6"];
      const { log, sent } = await ask(lines);
      assert.equal(log["client"], client);
      assert.deepEqual(sent("x-real-ip"), [client]);
      assert.deepEqual(sent("x-forwarded-for"), [
        client === "127.0.0.1" ? "127.0.0.1" : `${client}, 127.0.0.1`,
      ]);
      assert.deepEqual(sent("forwarded"), [`${chain}, for=127.0.0.1;host=a.test;proto=http`]);
    }
  });
}

const BROKEN = [
  'for=6.6.6.6, for="192.0.2.7',
  'for="6.6.6.6, for=192.0.2.7',
  "for=6.6.6.6;for=192.0.2.7",
  "for=6.6.6.6 for=192.0.2.7",
  'for=6.6.6.6;x=", for=192.0.2.7;host="a.test"',
  "6.6.6.6, for=192.0.2.7",
];
for (const broken of BROKEN) {
  test(`the proxy believes nothing of the broken Forwarded: ${broken}`, async (t) => {
    const frontend = { trusted_proxies: ["private"], client_header: "forwarded", forwarded_header: true };
    const { log, sent } = await sight(t, [`Forwarded: ${broken}`], { frontend });
    assert.equal(log["client"], "127.0.0.1");
    assert.deepEqual(sent("x-real-ip"), ["127.0.0.1"]);
    // What goes on must be one that the server can read, and that ends in the one who spoke to us.
    assert.equal(forwardedEntries(sent("forwarded").join(", "))?.at(-1), "127.0.0.1");
  });
}

const PASSED_ON = [
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "shop.test:8443"],
  ["X-Forwarded-Prefix", "/shop"],
  ["X-Forwarded-Port", "8443"],
] as const;
const LINES = PASSED_ON.map((line) => line.join(": "));

test("the proxy passes on what a trusted one says about the client's request", async (t) => {
  const frontend = { trusted_proxies: ["127.0.0.1"] };
  const { sent } = await sight(t, LINES, { frontend: { ...frontend, forwarded_header: true } });
  for (const [name, value] of PASSED_ON) assert.deepEqual(sent(name.toLowerCase()), [value]);
  assert.deepEqual(sent("forwarded"), ['for=127.0.0.1;host="shop.test:8443";proto=https']);
});

test("the proxy drops X-Forwarded fields where trusted ones report by Forwarded", async (t) => {
  const frontend = { trusted_proxies: ["127.0.0.1"], client_header: "forwarded" };
  const { sent } = await sight(t, LINES, { frontend });
  assert.deepEqual(sent("x-forwarded-proto"), ["http"]);
  assert.deepEqual(sent("x-forwarded-host"), ["a.test"]);
  assert.deepEqual([...sent("x-forwarded-prefix"), ...sent("x-forwarded-port")], ["80"]); // ours
});

const BY_SOCKET: [trusted: string[] | undefined, line: string, client: string, chain: string][] = [
  [undefined, "X-Forwarded-For: 6.6.6.6", "unix", "6.6.6.6, unknown"],
  [undefined, "X-Real-IP: 6.6.6.6", "unix", "unknown"],
  [[], "X-Forwarded-For: 6.6.6.6", "unix", "unknown"],
  [["private", "0.0.0.0/0", "::/0"], "X-Forwarded-For: 6.6.6.6", "unix", "unknown"],
  [["unix"], "X-Forwarded-For: 6.6.6.6, 192.0.2.7", "192.0.2.7", "6.6.6.6, 192.0.2.7, unknown"],
  [["unix"], "X-Forwarded-For: 192.0.2.7, unknown", "unix", "192.0.2.7, unknown, unknown"],
  [["unix"], "X-Real-IP: 6.6.6.6", "unix", "unknown"],
];
for (const [trusted, line, client, chain] of BY_SOCKET) {
  test(`the proxy takes ${client} for the client behind a unix socket with ${line} and ${trusted}`, async (t) => {
    const frontend = trusted === undefined ? {} : { trusted_proxies: trusted };
    const { log, sent } = await sight(t, [line], { frontend, unix: true });
    assert.equal(log["client"], client);
    assert.equal(log["peer"], client === "unix" ? undefined : "unix");
    assert.deepEqual(sent("x-real-ip"), [client === "unix" ? "unknown" : client]);
    assert.deepEqual(sent("x-forwarded-for"), [chain]);
  });
}

for (const [field, member] of [["X-Forwarded-For", "127.0.0.1"], ["Forwarded", "for=127.0.0.1"]] as const) {
  test(`the proxy refuses a ${field} of more proxies than there are, where it would believe it`, async () => {
    const chain = (members: number) => `${field}: ${Array(members).fill(member).join(",")}`;
    const status = async (lines: readonly string[], trusted: readonly string[]) => {
      const server = await RawServer.answering(ok(["Content-Length: 2"], "ok"));
      const proxy = await startTestProxy({
        servers: [server.port],
        frontend: { trusted_proxies: trusted, client_header: field.toLowerCase() },
      });
      const answer = await roundTrip(proxy.port, get(...lines, "Connection: close"));
      await proxy.stop();
      await server.close();
      return Number(answer.split(" ")[1]);
    };
    assert.equal(await status([chain(256)], ["127.0.0.1"]), 200);
    assert.equal(await status([chain(257)], ["127.0.0.1"]), 400);
    assert.equal(await status([chain(128), chain(129)], ["127.0.0.1"]), 400);
    assert.equal(await status([chain(1000)], []), 200);
  });
}
