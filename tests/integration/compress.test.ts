// Which answers are compressed, and what becomes of their fields.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, got, TEXT, text } from "./compress-scene.ts";
import { ok } from "./scene.ts";

for (const coding of ["zstd", "br", "gzip"]) {
  test(`compress sends text in ${coding} to a client that takes it`, async (t) => {
    const { status, field, raw, body } = await got(t, {
      answer: text(),
      lines: [`Accept-Encoding: ${coding}`],
    });
    assert.equal(status, 200);
    assert.equal(field("content-encoding"), coding);
    assert.equal(field("vary"), "Accept-Encoding");
    assert.equal(field("content-length"), undefined);
    assert.ok(raw.length < TEXT.length / 10);
    assert.equal(body.toString(), TEXT);
  });
}

const CHUNKED =
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
const CODED: [what: string, answer: string, compress?: unknown, lines?: string[]][] = [
  ["of an unknown length", CHUNKED],
  ["of exactly min_size", answer("x".repeat(10), "Content-Type: text/css"), { min_size: "10B" }],
  ["of a listed type", answer(TEXT, "Content-Type: Video/X; a=b"), { types: ["video/x"] }],
  ["whose coding is identity", text("Content-Encoding: identity")],
  ["with another status", text().replace("200 OK", "404 Not Found")],
];
for (const [what, answer, compress, lines] of CODED) {
  test(`compress compresses an answer ${what}`, async (t) => {
    const { field, body } = await got(t, {
      answer,
      ...(compress !== undefined && { compress }),
      ...(lines && { lines }),
    });
    assert.equal(field("content-encoding"), "gzip");
    assert.equal(field("vary"), "Accept-Encoding");
    assert.ok(answer.replaceAll("\r\n", "").includes(body.toString()));
  });
}

const AS_IT_IS: [
  what: string,
  options: { answer: string; lines?: string[]; compress?: unknown },
  vary: string | undefined,
][] = [
  ["to a client that names no coding", { answer: text(), lines: [] }, "Accept-Encoding"],
  [
    "to a client that takes another coding",
    { answer: text(), lines: ["Accept-Encoding: deflate"] },
    "Accept-Encoding",
  ],
  ["to a client that asks for a range", {
    answer: text(),
    lines: ["Accept-Encoding: gzip", "Range: bytes=0-1"],
  }, "Accept-Encoding"],
  ["to a client that wants nothing transformed", {
    answer: text(),
    lines: ["Accept-Encoding: gzip", "Cache-Control: no-transform"],
  }, "Accept-Encoding"],
  ["that is shorter than min_size", { answer: ok("x", "Content-Type: text/plain") }, "Accept-Encoding"],
  ["that has a coding already", { answer: text("Content-Encoding: br") }, "Accept-Encoding"],
  ["of a type that is not listed", { answer: answer(TEXT, "Content-Type: image/png") }, undefined],
  ["without a type", { answer: answer(TEXT) }, undefined],
  [
    "that must not be transformed",
    { answer: text("Cache-Control: public, No-Transform") },
    undefined,
  ],
  ["that is an event stream", { answer: answer(TEXT, "Content-Type: text/event-stream") }, undefined],
  [
    "that is a part",
    { answer: text("Content-Range: bytes 0-9/100").replace("200 OK", "206 Partial Content") },
    undefined,
  ],
];
for (const [what, options, vary] of AS_IT_IS) {
  test(`compress leaves an answer alone ${what}`, async (t) => {
    const { field, raw } = await got(t, options);
    assert.equal(field("content-length"), String(raw.length));
    assert.ok(options.answer.endsWith(`\r\n\r\n${raw}`));
    assert.equal(field("vary"), vary);
  });
}

test("compress takes the first algorithm of its list that a client likes best", async (t) => {
  const compress = { algorithms: ["gzip", "br"] };
  const lines = ["Accept-Encoding: zstd, br, gzip"];
  assert.equal((await got(t, { answer: text(), compress, lines })).field("content-encoding"), "gzip");
});

test("compress makes a strong entity tag weak, and takes out what is true of the server's bytes alone", async (t) => {
  const { field } = await got(t, {
    answer: text(
      'ETag: "a"',
      "Accept-Ranges: bytes",
      "Content-MD5: x",
      "Content-Digest: sha-256=:x:",
      "Repr-Digest: sha-256=:x:",
      "Vary: Cookie",
    ),
  });
  assert.equal(field("etag"), 'W/"a"');
  assert.equal(field("vary"), "Cookie, Accept-Encoding");
  for (const name of ["accept-ranges", "content-md5", "content-digest", "repr-digest"]) {
    assert.equal(field(name), undefined);
  }
});

test("compress leaves a weak entity tag, and a Vary that says it all", async (t) => {
  for (const vary of ["*", "accept-encoding", "Cookie, Accept-Encoding"]) {
    const { field } = await got(t, { answer: text('ETag: W/"a"', `Vary: ${vary}`) });
    assert.equal(field("etag"), 'W/"a"');
    assert.equal(field("vary"), vary);
  }
});

test("compress leaves the tag of an answer that it does not compress", async (t) => {
  const { field } = await got(t, { answer: text('ETag: "a"', "Accept-Ranges: bytes"), lines: [] });
  assert.equal(field("etag"), '"a"');
  assert.equal(field("accept-ranges"), "bytes");
});

const NOT_MODIFIED = 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n';
const KNOWN: [ifNoneMatch: string, tag: string, vary: string | undefined][] = [
  ['W/"a"', 'W/"a"', "Accept-Encoding"],
  ['"x", W/"a"', 'W/"a"', "Accept-Encoding"],
  ['"a"', '"a"', undefined],
];
for (const [ifNoneMatch, tag, vary] of KNOWN) {
  test(`compress has a 304 name the tag as a client knows it that asks by ${ifNoneMatch}`, async (t) => {
    const lines = ["Accept-Encoding: gzip", `If-None-Match: ${ifNoneMatch}`];
    const { status, field } = await got(t, { answer: NOT_MODIFIED, lines });
    assert.equal(status, 304);
    assert.equal(field("etag"), tag);
    assert.equal(field("vary"), vary);
  });
}

test("compress answers HEAD with the fields of a GET, without a length and a body", async (t) => {
  const head = text('ETag: "a"').replace(TEXT, "");
  const { field, raw } = await got(t, { answer: head, method: "HEAD" });
  assert.equal(field("content-encoding"), "gzip");
  assert.equal(field("etag"), 'W/"a"');
  assert.equal(field("content-length"), undefined);
  assert.equal(field("transfer-encoding"), undefined);
  assert.equal(raw.length, 0);
});

test("compress answers HEAD as the server does where a GET would not be compressed", async (t) => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";
  const { field } = await got(t, { answer, method: "HEAD" });
  assert.equal(field("content-length"), "5");
  assert.equal(field("content-encoding"), undefined);
});

test("compress does nothing to an answer without a body", async (t) => {
  for (
    const answer of [
      ok("", "Content-Type: text/plain"),
      "HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\n\r\n",
    ]
  ) {
    assert.equal((await got(t, { answer })).field("content-encoding"), undefined);
  }
});

test("compress compresses an answer of the proxy's own", async (t) => {
  const routes = [{ respond: { body: TEXT, content_type: "text/html" } }];
  const { field, body } = await got(t, { answer: ok(), frontend: { default_backend: undefined, routes } });
  assert.equal(field("content-encoding"), "gzip");
  assert.equal(body.toString(), TEXT);
});

test("compress keeps trailers, but for those that are true of the server's bytes alone", async (t) => {
  const answer = [
    "HTTP/1.1 200 OK",
    "Content-Type: text/plain",
    "Trailer: X-Sum, Content-Digest",
    "Transfer-Encoding: chunked",
    "",
    "3",
    "abc",
    "0",
    "X-Sum: 1",
    "Content-Digest: sha-256=:x:",
    "",
    "",
  ].join("\r\n");
  const { field, body, trailers } = await got(t, { answer });
  assert.equal(body.toString(), "abc");
  assert.equal(field("trailer"), "X-Sum");
  assert.equal(trailers, "X-Sum: 1\r\n");
});

test("compress is switched off by a route", async (t) => {
  const routes = [{ backend: "app", compress: false }];
  const { field } = await got(t, { answer: text(), frontend: { default_backend: undefined, routes } });
  assert.equal(field("content-encoding"), undefined);
  assert.equal(field("vary"), undefined);
});
