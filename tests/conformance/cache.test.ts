// What a shared cache keeps and uses again, by RFC 9111 and its kin; most of it is also asked by http-cache-tests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openCacheScene } from "../integration/cache-scene.ts";
import { ok } from "../integration/scene.ts";

const DAY_MS = 24 * 3600 * 1000;
const date = (ms: number) => new Date(Date.now() + ms).toUTCString();

/** What the server answers first; whether the second request is answered from the cache; lines of both requests. */
type Case = [what: string, answer: readonly string[], isKept: boolean, requests?: readonly string[][]];

const FRESH = "Cache-Control: max-age=3600";
const CASES: readonly Case[] = [
  ["nothing that says nothing (RFC 9111 §3)", [], false],
  ["max-age (§5.2.2.1)", [FRESH], true],
  ["max-age in any case", ["Cache-Control: MaX-AgE=3600"], true],
  ["max-age beyond 31 bits (§1.2.2)", ["Cache-Control: max-age=99999999999"], true],
  ["max-age as a quoted string (§5.2)", ['Cache-Control: max-age="3600"'], true],
  ["max-age in single quotes is none (§4.2.1)", ["Cache-Control: max-age='3600'"], false],
  ["max-age=0", ["Cache-Control: max-age=0"], false],
  ["a negative max-age", ["Cache-Control: max-age=-3600"], false],
  ["max-age with letters", ["Cache-Control: max-age=3600a"], false],
  ["max-age with a blank before its sign", ["Cache-Control: max-age =3600"], false],
  ["the strictest of two max-age (§4.2.1)", ["Cache-Control: max-age=3600, max-age=0"], false],
  ["the strictest of two lines", ["Cache-Control: max-age=0", FRESH], false],
  ["no directive in a quoted string", ['Cache-Control: a="b, max-age=3600"'], false],
  ["unknown directives", ["Cache-Control: a, b=c, max-age=3600"], true],
  ["a quote that never ends hides nothing", ['Cache-Control: max-age=3600, a="b, no-store'], false],
  ["s-maxage before max-age (§5.2.2.10)", ["Cache-Control: max-age=0, s-maxage=3600"], true],
  ["a short s-maxage before a long max-age", ["Cache-Control: max-age=3600, s-maxage=0"], false],
  ["max-age before Expires (§5.3)", [FRESH, `Expires: ${date(-DAY_MS)}`], true],
  ["Expires (§5.3)", [`Expires: ${date(DAY_MS)}`], true],
  ["an Expires that is over", [`Expires: ${date(-DAY_MS)}`], false],
  ["an Expires that is no date", ["Expires: 0"], false],
  ["two Expires", [`Expires: ${date(DAY_MS)}`, `Expires: ${date(DAY_MS)}`], false],
  ["Expires goes by Date", [`Date: ${date(DAY_MS)}`, `Expires: ${date(DAY_MS / 2)}`], false],
  ["Age counts (§4.2.3)", [FRESH, "Age: 3601"], false],
  ["an Age that is less", [FRESH, "Age: 60"], true],
  ["an Age that is no number", [FRESH, "Age: abc"], false],
  ["two Age", [FRESH, "Age: 0", "Age: 0"], false],
  ["an old Date counts as age (§4.2.3)", [FRESH, `Date: ${date(-DAY_MS)}`], false],
  ["no-store (§5.2.2.5)", [`${FRESH}, no-store`], false],
  ["no-store in any case", ["Cache-Control: nO-StOrE, max-age=3600"], false],
  ["private (§5.2.2.7)", [`${FRESH}, private`], false],
  ["private with names of fields", [`${FRESH}, private="set-cookie"`], false],
  ["no-cache (§5.2.2.4)", [`${FRESH}, no-cache`], false],
  ["must-revalidate while it is fresh (§5.2.2.2)", [`${FRESH}, must-revalidate`], true],
  ["must-understand with a status that is understood (§5.2.2.3)", [
    `${FRESH}, must-understand, no-store`,
  ], true],
  ["Set-Cookie", [FRESH, "Set-Cookie: a=b"], false],
  ["Vary: * (§4.1)", [FRESH, "Vary: *"], false],
  ["Vary: * among others", [FRESH, "Vary: Accept, *"], false],
  ["Vary that matches", [FRESH, "Vary: Foo"], true, [["Foo: 1"], ["Foo: 1"]]],
  ["Vary that does not match", [FRESH, "Vary: Foo"], false, [["Foo: 1"], ["Foo: 2"]]],
  ["Vary by a field that one of two lacks", [FRESH, "Vary: Foo"], false, [["Foo: 1"], []]],
  ["Vary by a field that both lack", [FRESH, "Vary: Foo"], true, [[], []]],
  ["Vary without blanks", [FRESH, "Vary: Foo"], true, [["Foo: 1, 2"], ["Foo: 1,2"]]],
  ["Vary with joined lines", [FRESH, "Vary: Foo"], true, [["Foo: 1", "Foo: 2"], ["Foo: 1, 2"]]],
  ["Vary by language in any case", [FRESH, "Vary: Accept-Language"], true, [["Accept-Language: en-GB"], [
    "Accept-Language: EN-gb",
  ]]],
  ["credentials (§3.5)", [FRESH], false, [["Authorization: Basic eA=="], ["Authorization: Basic eA=="]]],
  ["credentials with public", [`${FRESH}, public`], true, [["Authorization: Basic eA=="], []]],
  ["credentials with must-revalidate", [`${FRESH}, must-revalidate`], true, [["Authorization: a b"], []]],
  ["credentials with s-maxage", ["Cache-Control: s-maxage=3600"], true, [["Authorization: a b"], []]],
  ["CDN-Cache-Control before Cache-Control (RFC 9213 §2.2)", [
    "Cache-Control: no-store",
    "CDN-Cache-Control: max-age=3600",
  ], true],
  ["CDN-Cache-Control before Expires", ["CDN-Cache-Control: max-age=0", `Expires: ${date(DAY_MS)}`], false],
  ["CDN-Cache-Control with no-store", [FRESH, "CDN-Cache-Control: no-store"], false],
  ["a CDN-Cache-Control that cannot be read is none (RFC 9213 §2.1)", [
    FRESH,
    "CDN-Cache-Control: no-store, &",
  ], true],
  ["an upper-case key of CDN-Cache-Control cannot be read", [FRESH, "CDN-Cache-Control: No-Store"], true],
  ["an empty CDN-Cache-Control is none", [FRESH, "CDN-Cache-Control: "], true],
  ["what a request does not want kept (§5.2.1.5)", [FRESH], false, [["Cache-Control: no-store"], []]],
  ["no-cache of a request (§5.2.1.4)", [FRESH], false, [[], ["Cache-Control: no-cache"]]],
  ["max-age=0 of a request (§5.2.1.1)", [FRESH, "Age: 1"], false, [[], ["Cache-Control: max-age=0"]]],
  ["a max-age of a request that is longer", [FRESH, "Age: 60"], true, [[], ["Cache-Control: max-age=100"]]],
  ["min-fresh of a request (§5.2.1.3)", [FRESH], false, [[], ["Cache-Control: min-fresh=4000"]]],
  ["a min-fresh that it is", [FRESH], true, [[], ["Cache-Control: min-fresh=1000"]]],
  ["max-stale of a request (§5.2.1.2)", [FRESH, "Age: 3700", 'ETag: "a"'], true, [[], [
    "Cache-Control: max-stale=1000",
  ]]],
  ["max-stale without a number", [FRESH, "Age: 9000", 'ETag: "a"'], true, [[], [
    "Cache-Control: max-stale",
  ]]],
  ["a max-stale that is too short", [FRESH, "Age: 3700", 'ETag: "a"'], false, [[], [
    "Cache-Control: max-stale=10",
  ]]],
  ["no max-stale with must-revalidate", [`${FRESH}, must-revalidate`, "Age: 3700", 'ETag: "a"'], false, [[], [
    "Cache-Control: max-stale=1000",
  ]]],
  ["no max-stale with s-maxage", ["Cache-Control: s-maxage=3600", "Age: 3700", 'ETag: "a"'], false, [[], [
    "Cache-Control: max-stale=1000",
  ]]],
  ["Pragma: no-cache of a request (§5.4)", [FRESH], false, [[], ["Pragma: no-cache"]]],
  ["no Pragma beside Cache-Control", [FRESH], true, [[], ["Pragma: no-cache", "Cache-Control: a"]]],
  ["no Pragma in an answer", [FRESH, "Pragma: no-cache"], true],
  ["a cookie of the client makes no difference", [FRESH], true, [["Cookie: a=1"], ["Cookie: a=2"]]],
  ["conditions of writers are for the server", [FRESH], false, [[], ['If-Match: "a"']]],
  ["other paths in a header are for the server", [FRESH], false, [[], ["X-Original-URL: /b"]]],
  ["nor is what they bring kept", [FRESH], false, [["X-Rewrite-Url: /b"], []]],
];
for (const [what, lines, isKept, [first = [], second = []] = []] of CASES) {
  test(`the cache uses an answer again or not: ${what}`, async (t) => {
    const { ask, heads } = await openCacheScene(t, (_, n) => ok(String(n), ...lines));
    assert.equal((await ask("/a", ...first)).body, "1");
    assert.equal((await ask("/a", ...second)).body, isKept ? "1" : "2");
    assert.equal(heads.length, isKept ? 1 : 2);
  });
}

const STATUSES: readonly [status: number, lines: readonly string[], isKept: boolean][] = [
  ...[200, 203, 299, 301, 302, 307, 308, 400, 404, 410, 499, 500, 503, 599].map(
    (status) => [status, [FRESH], true] as [number, string[], boolean],
  ),
  [206, [FRESH, "Content-Range: bytes 0-0/1"], false],
  [599, [`${FRESH}, must-understand`], false],
  [302, [], false],
];
for (const [status, lines, isKept] of STATUSES) {
  test(`an answer ${status} is ${isKept ? "" : "not "}kept with ${lines[0]} (RFC 9111 §3)`, async (t) => {
    const { ask, heads } = await openCacheScene(
      t,
      (_, n) => [`HTTP/1.1 ${status} Word`, ...lines, "Content-Length: 1", "", String(n)].join("\r\n"),
    );
    assert.equal((await ask()).status, status);
    assert.equal((await ask()).status, status);
    assert.equal(heads.length, isKept ? 1 : 2);
  });
}

test("a kept answer has its Age, its Date as it came, and a Cache-Status (RFC 9111 §4, RFC 9211)", async (t) => {
  const made = date(-60_000);
  const { ask } = await openCacheScene(t, () => ok("x", FRESH, "Age: 100", `Date: ${made}`, "A: 1", "A: 2"));
  const first = await ask();
  assert.equal(first.field("Age"), "100");
  assert.equal(first.field("Cache-Status"), "sluice; fwd=miss; stored");
  const second = await ask();
  assert.equal(second.field("Age"), "100");
  assert.equal(second.field("Date"), made);
  assert.equal(second.field("A"), "1, 2");
  assert.equal(second.field("Via"), "1.1 sluice");
  assert.equal(second.field("Cache-Status"), "sluice; hit; ttl=3500");
  assert.equal(second.field("Content-Length"), "1");
});

test("an answer without Date is kept with the time that it came at (RFC 9110 §6.6.1)", async (t) => {
  const { ask } = await openCacheScene(t, () => ok("x", FRESH));
  await ask();
  assert.match((await ask()).field("Date")!, /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/);
});

test("fields for one connection or one proxy are not kept (RFC 9111 §3.1)", async (t) => {
  const { ask } = await openCacheScene(
    t,
    () => ok("x", FRESH, "Connection: a", "A: 1", "B: 2", "Keep-Alive: timeout=9", "Proxy-Authenticate: a"),
  );
  await ask();
  const { text, field } = await ask();
  assert.equal(field("B"), "2");
  assert.doesNotMatch(text, /^(?:A|Keep-Alive|Proxy-Authenticate):/im);
});

test("each variant is kept beside the others, up to 16 (RFC 9111 §4.1)", async (t) => {
  const { ask, heads, proxy } = await openCacheScene(t, (_, n) => ok(String(n), FRESH, "Vary: V"));
  for (let i = 0; i < 16; i++) await ask("/", `V: ${i}`);
  for (let i = 0; i < 16; i++) assert.equal((await ask("/", `V: ${i}`)).body, String(i + 1));
  assert.equal(heads.length, 16);
  await ask("/", "V: 16");
  assert.equal(proxy.running.snapshot.cache!.objects, 16);
  assert.equal((await ask("/", "V: 0")).body, "18");
});

const VALIDATORS: readonly (readonly [what: string, line: string, condition: RegExp])[] = [
  ["ETag", 'ETag: "a"', /\r\nIf-None-Match: "a"\r\n/],
  ["weak ETag", 'ETag: W/"a"', /\r\nIf-None-Match: W\/"a"\r\n/],
  ["Last-Modified", `Last-Modified: ${date(-DAY_MS)}`, /\r\nIf-Modified-Since: .* GMT\r\n/],
];
for (const [what, line, condition] of VALIDATORS) {
  test(`a stale answer is asked for by its ${what}, and freshened by a 304 (RFC 9111 §4.3)`, async (t) => {
    const { ask, heads } = await openCacheScene(
      t,
      (_, n) =>
        n === 1
          ? ok("whole", "Cache-Control: max-age=1", "Age: 2", line, "A: 1", "B: 1", "Content-Type: text/a")
          : `HTTP/1.1 304 Not Modified\r\n${FRESH}\r\nA: 2\r\nC: 3\r\nContent-Length: 9\r\n\r\n`,
    );
    await ask();
    const second = await ask("/", 'If-None-Match: "other"');
    assert.match(heads[1]!, condition);
    assert.doesNotMatch(heads[1]!, /other/);
    for (const { status, body, field } of [second, await ask()]) {
      assert.equal(status, 200);
      assert.equal(body, "whole");
      assert.equal(field("A"), "2");
      assert.equal(field("B"), "1");
      assert.equal(field("C"), "3");
      assert.equal(field("Content-Length"), "5");
      assert.equal(field("Cache-Control"), "max-age=3600");
    }
    assert.equal(heads.length, 2);
    assert.equal(second.field("Cache-Status"), "sluice; hit; fwd=stale; fwd-status=304; ttl=3600");
  });
}

test("another answer takes the place of a stale one (RFC 9111 §4.3.3)", async (t) => {
  const { ask, heads } = await openCacheScene(
    t,
    (_, n) => n === 1 ? ok("old", FRESH, "Age: 9999", 'ETag: "a"') : ok("new", FRESH, 'ETag: "b"'),
  );
  await ask();
  assert.equal((await ask()).body, "new");
  assert.equal((await ask()).body, "new");
  assert.equal(heads.length, 2);
});

test("a 304 that forbids to keep the answer is the last that it is sent by", async (t) => {
  const { ask, heads } = await openCacheScene(
    t,
    (_, n) =>
      n === 2
        ? "HTTP/1.1 304 Not Modified\r\nCache-Control: private\r\n\r\n"
        : ok(String(n), `${FRESH}, no-cache`, 'ETag: "a"'),
  );
  await ask();
  assert.equal((await ask()).body, "1");
  assert.equal((await ask()).body, "3");
  assert.doesNotMatch(heads[2]!, /If-None-Match/);
});

const CONDITIONS: readonly (readonly [line: string, status: number])[] = [
  ['If-None-Match: "a"', 304],
  ['If-None-Match: W/"a"', 304],
  ['If-None-Match: "x", "a", "y"', 304],
  ["If-None-Match: *", 304],
  ['If-None-Match: "b"', 200],
  ["If-None-Match: a", 200],
  ['If-None-Match: "a" x', 200],
  ["If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT", 304],
  ["If-Modified-Since: Wednesday, 01-Jan-20 00:00:00 GMT", 304],
  ["If-Modified-Since: Thu, 02 Jan 2020 00:00:00 GMT", 304],
  ["If-Modified-Since: Tue, 31 Dec 2019 23:59:59 GMT", 200],
  ["If-Modified-Since: yesterday", 200],
];
for (const [line, status] of CONDITIONS) {
  test(`a kept answer is ${status} for ${line} (RFC 9110 §13.1, RFC 9111 §4.3.2)`, async (t) => {
    const lines = [FRESH, 'ETag: "a"', "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT"];
    const { ask, heads } = await openCacheScene(t, () => ok("whole", ...lines, "Content-Type: text/a"));
    assert.equal((await ask("/", line)).status, status); // not kept yet, and the server is not asked on that condition
    assert.doesNotMatch(heads[0]!, /^If-/m);
    const answer = await ask("/", line);
    assert.equal(answer.status, status);
    assert.equal(answer.body, status === 304 ? "" : "whole");
    assert.equal(answer.field("ETag"), '"a"');
    assert.equal(answer.field("Content-Type"), status === 304 ? undefined : "text/a");
    assert.notEqual(answer.field("Age"), undefined);
    assert.equal(heads.length, 1);
  });
}

test("If-None-Match goes before If-Modified-Since (RFC 9110 §13.2.2)", async (t) => {
  const modified = "Wed, 01 Jan 2020 00:00:00 GMT";
  const { ask } = await openCacheScene(t, () => ok("x", FRESH, 'ETag: "a"', `Last-Modified: ${modified}`));
  await ask();
  assert.equal((await ask("/", 'If-None-Match: "b"', `If-Modified-Since: ${modified}`)).status, 200);
});

const RANGES: readonly (readonly [lines: readonly string[], status: number, body: string, range?: string])[] =
  [
    [["Range: bytes=0-1"], 206, "01", "bytes 0-1/10"],
    [["Range: bytes=8-"], 206, "89", "bytes 8-9/10"],
    [["Range: bytes=-3"], 206, "789", "bytes 7-9/10"],
    [["Range: bytes=-99"], 206, "0123456789", "bytes 0-9/10"],
    [["Range: bytes=5-99"], 206, "56789", "bytes 5-9/10"],
    [["Range: bytes=10-"], 416, "", "bytes */10"],
    [["Range: bytes=-0"], 416, "", "bytes */10"],
    [["Range: bytes=3-2"], 200, "0123456789"],
    [["Range: lines=0-1"], 200, "0123456789"],
    [["Range: bytes=0-1", 'If-Range: "a"'], 206, "01", "bytes 0-1/10"],
    [["Range: bytes=0-1", 'If-Range: "b"'], 200, "0123456789"],
    [["Range: bytes=0-1", 'If-Range: W/"a"'], 200, "0123456789"],
    [["Range: bytes=0-1", "If-Range: Wed, 01 Jan 2020 00:00:00 GMT"], 206, "01", "bytes 0-1/10"],
    [["Range: bytes=0-1", "If-Range: Wed, 01 Jan 2020 00:00:01 GMT"], 200, "0123456789"],
    [["Range: bytes=0-1", 'If-None-Match: "a"'], 304, ""],
  ];
for (const [lines, status, body, range] of RANGES) {
  test(`a part of a kept answer: ${lines.join(", ")} (RFC 9110 §14, §13.1.5)`, async (t) => {
    const { ask, heads } = await openCacheScene(
      t,
      () => ok("0123456789", FRESH, 'ETag: "a"', "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT"),
    );
    await ask();
    const answer = await ask("/", ...lines);
    assert.equal(answer.status, status);
    assert.equal(answer.body, body);
    assert.equal(answer.field("Content-Range"), range);
    if (status !== 304) assert.equal(answer.field("Content-Length"), String(body.length));
    assert.equal(heads.length, 1);
  });
}

test("several ranges, and a part of what is not kept, are for the server", async (t) => {
  const { ask, heads } = await openCacheScene(
    t,
    (head) => /^Range/m.test(head) ? ok("part") : ok("0123456789", FRESH),
  );
  assert.equal((await ask("/", "Range: bytes=0-1")).body, "part");
  await ask();
  assert.equal((await ask("/", "Range: bytes=0-1,3-4")).body, "part");
  assert.equal(heads.length, 3);
});

test("a HEAD is answered from a kept GET, without its body (RFC 9111 §4)", async (t) => {
  const { ask, send, heads } = await openCacheScene(t, () => ok("0123456789", FRESH, "A: 1"));
  await ask();
  const { status, body, field } = await send("HEAD", "/");
  assert.deepEqual([status, body, field("A"), field("Content-Length")], [200, "", "1", "10"]);
  assert.equal(heads.length, 1);
});

const HEADS: readonly (readonly [what: string, lines: readonly string[], isKept: boolean])[] = [
  ["freshens a stale GET", [FRESH, 'ETag: "a"', "Content-Length: 1", "A: 2"], true],
  ["drops a GET of another ETag", [FRESH, 'ETag: "b"', "Content-Length: 1"], false],
  ["drops a GET of another length", [FRESH, 'ETag: "a"', "Content-Length: 2"], false],
];
for (const [what, lines, isKept] of HEADS) {
  test(`the answer to a HEAD ${what} (RFC 9111 §4.3.5)`, async (t) => {
    const { ask, send, heads } = await openCacheScene(
      t,
      (head, n) =>
        head.startsWith("HEAD")
          ? ["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n")
          : ok(String(n), FRESH, "Age: 9999", 'ETag: "a"', "A: 1"),
    );
    await ask();
    assert.equal((await send("HEAD", "/")).status, 200);
    const third = await ask();
    assert.equal(third.body, isKept ? "1" : "3");
    if (isKept) assert.equal(third.field("A"), "2");
    else assert.doesNotMatch(heads[2]!, /If-None-Match/);
  });
}

const CHANGES:
  readonly (readonly [method: string, status: number, lines: readonly string[], dropped: boolean])[] = [
    ["POST", 200, [], true],
    ["PUT", 204, [], true],
    ["DELETE", 303, [], true],
    ["FOO", 200, [], true],
    ["POST", 500, [], false],
    ["POST", 404, [], false],
    ["OPTIONS", 200, [], false],
    ["PROPFIND", 200, [], false],
  ];
for (const [method, status, lines, dropped] of CHANGES) {
  test(`${method} with ${status} ${dropped ? "drops" : "leaves"} what is kept (RFC 9111 §4.4)`, async (t) => {
    const { ask, send } = await openCacheScene(
      t,
      (head, n) =>
        head.startsWith("GET")
          ? ok(String(n), FRESH)
          : [`HTTP/1.1 ${status} Word`, ...lines, ...(status === 204 ? [] : ["Content-Length: 0"]), "", ""]
            .join(
              "\r\n",
            ),
    );
    await ask("/a");
    await send(method, "/a");
    assert.equal((await ask("/a")).body, dropped ? "3" : "1");
  });
}

const NAMED: readonly (readonly [line: string, dropped: boolean])[] = [
  ["Location: /b", true],
  ["Content-Location: /b", true],
  ["Location: http://a.example/b", true],
  ["Location: http://b.example/b", false],
];
for (const [line, dropped] of NAMED) {
  test(`POST with "${line}" ${dropped ? "drops" : "leaves"} /b (RFC 9111 §4.4)`, async (t) => {
    const { ask, send } = await openCacheScene(
      t,
      (head, n) => head.startsWith("GET") ? ok(String(n), FRESH) : ok("", line),
    );
    await ask("/b");
    await send("POST", "/a");
    assert.equal((await ask("/b")).body, dropped ? "3" : "1");
  });
}

test("only-if-cached is answered from the cache or by 504 (RFC 9111 §5.2.1.7)", async (t) => {
  const { ask, heads, proxy } = await openCacheScene(t, () => ok("x", FRESH));
  assert.equal((await ask("/", "Cache-Control: only-if-cached")).status, 504);
  assert.equal((await proxy.access(0))["reason"], "not_cached");
  assert.equal(heads.length, 0);
  await ask();
  assert.equal((await ask("/", "Cache-Control: only-if-cached")).status, 200);
});

test("requests have no say where heeds_clients is false, but for no-store", async (t) => {
  const { ask, heads } = await openCacheScene(t, (_, n) => ok(String(n), FRESH), {
    cache: { heeds_clients: false },
  });
  await ask("/", "Cache-Control: no-store");
  await ask();
  assert.equal((await ask("/", "Cache-Control: no-cache, max-age=0")).body, "2");
  assert.equal((await ask("/", "Pragma: no-cache")).body, "2");
  assert.equal(heads.length, 2);
});

test("hosts, ports, schemes, paths and queries are kept apart; a host in any case is one", async (t) => {
  const { heads, client } = await openCacheScene(t, (_, n) => ok(String(n), FRESH), {
    frontend: { trusted_proxies: ["127.0.0.1"] },
  });
  const ask = async (path: string, host: string, ...lines: string[]) => {
    const c = await client();
    c.send([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...lines, "Connection: close", "", ""].join("\r\n"));
    return (await c.untilClosed()).at(-1);
  };
  const apart = [
    ["/a", "a.example"],
    ["/A", "a.example"],
    ["/a?", "a.example"],
    ["/a?b", "a.example"],
    ["/a", "b.example"],
    ["/a", "a.example:81"],
    ["/a", "a.example", "X-Forwarded-Proto: https"],
    ["/a", "a.example", "X-Forwarded-Host: c.example"],
  ] as const;
  for (const [i, [path, host, ...lines]] of apart.entries()) {
    assert.equal(await ask(path, host, ...lines), String(i + 1));
  }
  assert.equal(await ask("/a", "A.Example:80"), "1");
  assert.equal(heads.length, apart.length);
});
