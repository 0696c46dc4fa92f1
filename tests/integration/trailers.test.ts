// Trailer fields: who announces them, who asks for them, and what holds for them as for a head.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { linesOf } from "./relay-scene.ts";
import { asked, bodyOf, dechunk, get, ok, openScene, request, type SceneOptions } from "./scene.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const TRAILERS = "X-Sum: 7\r\nX-Secret: s\r\nX-Tier: gold\r\n";

/** The head and the trailers that the server gets of a request with `trailers`, sent with `lines` in its head. */
async function sent(
  t: TestContext,
  trailers: string,
  lines: readonly string[] = [],
  options: SceneOptions = {},
) {
  const { server, client } = await openScene(t, {
    onData: (connection) =>
      /\r\n0\r\n(?:.+\r\n)*\r\n$/.test(connection.received) && connection.send(ok("<a>")),
    ...options,
  });
  const c = await client();
  c.send(`${request("POST", "/", [CHUNKED, ...lines])}2\r\nhi\r\n0\r\n${trailers}\r\n`);
  await c.until("<a>");
  const { received } = await asked(server);
  return { head: linesOf(received), trailers: dechunk(bodyOf(received)).trailers };
}

/** The head and the trailers that a client gets of an answer with `trailers`. */
async function got(
  t: TestContext,
  trailers: string,
  lines: readonly string[] = [],
  options: SceneOptions = {},
) {
  const answer = ["HTTP/1.1 200 OK", CHUNKED, ...lines, "", ""].join("\r\n");
  const { client } = await openScene(t, { answer: `${answer}2\r\nhi\r\n0\r\n${trailers}\r\n`, ...options });
  const c = await client();
  c.send(get("/", "Connection: close"));
  const text = await c.untilClosed();
  return { head: linesOf(text), trailers: dechunk(bodyOf(text)).trailers };
}

const route = (keys: Record<string, unknown>): SceneOptions => ({
  frontend: { default_backend: undefined, routes: [{ backend: "app", ...keys }] },
});

test("forward() announces the trailers of a request and of an answer as they were (RFC 9110 §6.6.2)", async (t) => {
  const there = await sent(t, "X-Sum: 7\r\n", ["Trailer: X-Sum"]);
  assert.ok(there.head.includes("Trailer: X-Sum"));
  assert.equal(there.trailers, "X-Sum: 7\r\n");
  const back = await got(t, "X-Sum: 7\r\n", ["trailer: X-Sum, X-Other"]);
  assert.ok(back.head.includes("trailer: X-Sum, X-Other"));
  assert.equal(back.trailers, "X-Sum: 7\r\n");
});

test("forward() announces no trailers where none go on", async (t) => {
  const { server, client } = await openScene(t, { answer: ok("<a>", "Trailer: X-Sum") });
  const c = await client();
  c.send(request("POST", "/", ["Trailer: X-Sum", "Content-Length: 2"]) + "hi");
  assert.doesNotMatch(await c.until("<a>"), /Trailer/);
  assert.doesNotMatch((await asked(server)).received, /Trailer/);
  assert.doesNotMatch((await got(t, "", ["Connection: Trailer", "Trailer: X-Sum"])).head.join(), /Trailer:/);
});

test("forward() announces no trailers to an HTTP/1.0 client, and asks for none for it", async (t) => {
  const answer = `HTTP/1.1 200 OK\r\n${CHUNKED}\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n`;
  const { server, client } = await openScene(t, { answer });
  const c = await client();
  c.send("GET / HTTP/1.0\r\nHost: a.example\r\nTE: trailers\r\n\r\n");
  assert.match(await c.untilClosed(), /^(?!.*Trailer)[^]*\r\n\r\nhi$/i);
  assert.doesNotMatch((await asked(server)).received, /TE:/);
});

const wishes: [te: readonly string[], asks: boolean][] = [
  [["TE: trailers", "Connection: TE"], true],
  [["te: Trailers"], true],
  [["TE: gzip;q=0.5, trailers"], true],
  [["TE: gzip", "TE: trailers"], true],
  [["TE: gzip"], false],
  [["TE: trailers2"], false],
  [["TE:"], false],
  [[], false],
  [["TE: trailers", "Connection: Upgrade, TE", "Upgrade: websocket"], false],
];
for (const [lines, asks] of wishes) {
  test(`requestHead() ${asks ? "asks" : "does not ask"} the server for trailers for "${lines.join(", ")}" (RFC 9110 §10.1.4)`, async (t) => {
    const { server, client } = await openScene(t, { answer: ok("<a>") });
    const c = await client();
    c.send(get("/", ...lines));
    await c.until("<a>");
    const head = linesOf((await asked(server)).received).filter((line) => /^(?:te|connection):/i.test(line));
    const upgrade = lines.some((line) => line.startsWith("Upgrade"));
    assert.deepEqual(
      head,
      asks ? ["Connection: TE", "TE: trailers"] : upgrade ? ["Connection: Upgrade"] : [],
    );
  });
}

test("request_headers hold for the trailers of a request, as for its head", async (t) => {
  const edits = route({
    request_headers: { remove: ["x-secret"], set: { "X-Tier": "free" }, add: { "X-Sum": "1" } },
  });
  const { head, trailers } = await sent(t, TRAILERS, [], edits);
  assert.ok(head.includes("X-Tier: free"));
  assert.equal(trailers, "X-Sum: 7\r\n");
});

test("override_headers leave no trailer field of a request", async (t) => {
  const { trailers } = await sent(
    t,
    TRAILERS,
    ["TE: trailers"],
    route({ override_headers: { "X-One": "1" } }),
  );
  assert.equal(trailers, "");
});

test("response_headers hold for the trailers of an answer, as for its head", async (t) => {
  const edits = route({
    response_headers: { remove: ["X-SECRET"], set: { "x-tier": "free" }, add: { "X-Sum": "1" } },
  });
  const { head, trailers } = await got(t, TRAILERS, [], edits);
  assert.ok(head.includes("x-tier: free"));
  assert.equal(trailers, "X-Sum: 7\r\n");
});

const announcements: [announced: string, sent: string | undefined][] = [
  ["X-Sum, X-Secret,X-Tier", "X-Sum"],
  ["x-secret, X-TIER", undefined],
  ["X-Sum,x-other", "X-Sum,x-other"],
  ["X-Sum, Content-Length, X-Forwarded-For, ,X-Hop", "X-Sum"],
  [" , ", undefined],
];
for (const [announced, left] of announcements) {
  test(`Trailer: ${announced} names only what goes on: ${left}, in requests and answers (RFC 9110 §6.6.2)`, async (t) => {
    const edits = { remove: ["x-secret"], set: { "X-Tier": "free" } };
    const lines = ["Connection: X-Hop", `trailer: ${announced}`];
    const options = route({ request_headers: edits, response_headers: edits });
    for (
      const { head } of [await sent(t, TRAILERS, lines, options), await got(t, TRAILERS, lines, options)]
    ) {
      const found = head.filter((line) => /^trailer/i.test(line));
      assert.deepEqual(found, left === undefined ? [] : [`trailer: ${left}`]);
    }
  });
}

test("Trailer names no field of a client that would say who it is", async (t) => {
  const { head } = await sent(t, "X-Sum: 7\r\n", ["Trailer: X-Real-IP, X_Sum, X-Sum"]);
  assert.ok(head.includes("Trailer: X-Sum"));
});

test("a trailer field of a client says nothing about it, under any name that passes for another", async (t) => {
  const forged = [
    "X-Real-IP: 6.6.6.6",
    "X-Request-Id: mine",
    "Forwarded: for=6.6.6.6",
    "X-Forwarded-For: 6.6.6.6",
  ];
  const aliased = ["X_Forwarded_For: 6.6.6.6", "X_Real.IP: 6.6.6.6", "CDN-Loop: sluice", "Via: 1.1 sluice"];
  const text = [...forged, ...aliased, "X-Sum: 7", ""].join("\r\n");
  assert.equal((await sent(t, text)).trailers, "X-Sum: 7\r\n");
  const both = route({ request_headers: { remove: ["X-Sum"] } });
  assert.equal((await sent(t, text, [], both)).trailers, "");
});

test('header_aliases = "keep" keeps them in trailers', async (t) => {
  const { trailers } = await sent(t, "x_sum: 7\r\n", [], { frontend: { header_aliases: "keep" } });
  assert.equal(trailers, "x_sum: 7\r\n");
});
