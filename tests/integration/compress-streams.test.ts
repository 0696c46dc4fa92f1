// Compressed answers that come bit by bit, break off, are not wanted any more, or are large.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { COMPRESSED_BODIES } from "../../src/compression/compressed-body.ts";
import { decodedSoFar } from "../support/decoding.ts";
import { eventually } from "../support/eventually.ts";
import { read, TEXT } from "./compress-scene.ts";
import { asked, bodyOf, bytes, get, openScene } from "./scene.ts";

const CODINGS = ["zstd", "br", "gzip"];
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
const IN_CHUNKS = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** The data of the chunks that have come whole. */
function chunksSoFar(received: string) {
  const body = bodyOf(received);
  let data = "";
  for (let at = 0; at < body.length;) {
    const end = body.indexOf("\r\n", at);
    const size = parseInt(body.slice(at, end), 16);
    if (end === -1 || body.length < end + 4 + size) break;
    data += body.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
  return bytes(data);
}

for (const coding of CODINGS) {
  test(`compress holds nothing back of a slow stream in ${coding}`, async (t) => {
    const { client, server } = await openScene(t, { frontend: { compress: true } });
    const c = await client();
    c.send(get("/", `Accept-Encoding: ${coding}`, "Connection: close"));
    const connection = await asked(server);
    connection.send(IN_CHUNKS);
    await c.until(`Content-Encoding: ${coding}`); // the head goes out before anything of the body
    let sent = "";
    for (let i = 0; i < 3; i++) {
      sent += `line ${i}\n`;
      connection.send(chunk(`line ${i}\n`));
      await eventually(
        "the piece",
        () => decodedSoFar(chunksSoFar(c.received), coding).toString() === sent,
      );
    }
    connection.send("0\r\n\r\n");
    assert.equal(read(await c.untilClosed()).body.toString(), sent);
  });

  test(`compress cuts an answer in ${coding} that breaks off`, async (t) => {
    const { client, proxy, server } = await openScene(t, { frontend: { compress: true } });
    const c = await client();
    c.send(get("/", `Accept-Encoding: ${coding}`));
    const connection = await asked(server);
    connection.send(IN_CHUNKS + chunk(TEXT));
    await c.until("Content-Encoding");
    await eventually("the piece", () => chunksSoFar(c.received).length > 0);
    connection.reset();
    assert.doesNotMatch(await c.untilClosed(), /\r\n0\r\n\r\n$/);
    assert.equal((await proxy.access(0))["reason"], "upstream_reset");
  });
}

test("compress compresses an answer that ends with its connection", async (t) => {
  const { client } = await openScene(t, {
    answer(_, connection) {
      connection.send(`${HEAD}\r\n${TEXT}`);
      connection.end();
      return undefined;
    },
    frontend: { compress: true },
  });
  const c = await client();
  c.send(get("/", "Accept-Encoding: br", "Connection: close"));
  assert.equal(read(await c.untilClosed()).body.toString(), TEXT);
});

test("compress ends the answer to an HTTP/1.0 client with its connection", async (t) => {
  const { client } = await openScene(t, {
    answer: IN_CHUNKS + chunk(TEXT) + "0\r\n\r\n",
    frontend: { compress: true },
  });
  const c = await client();
  c.send("GET / HTTP/1.0\r\nHost: a.example\r\nAccept-Encoding: gzip\r\n\r\n");
  assert.equal(read(await c.untilClosed()).body.toString(), TEXT);
});

test("compress counts the bytes that the client gets, and keeps the connection", async (t) => {
  const { client, proxy } = await openScene(t, {
    answer: IN_CHUNKS + chunk(TEXT) + "0\r\n\r\n",
    frontend: { compress: true },
  });
  const c = await client();
  for (let i = 0; i < 2; i++) {
    c.send(get("/", "Accept-Encoding: gzip"));
    const { bytes_out: out } = await proxy.access(i);
    assert.ok(Number(out) > 0 && Number(out) < TEXT.length / 10);
  }
});

test("compress stops its server while the client takes nothing, and goes on", async (t) => {
  const { client, server } = await openScene(t, { frontend: { compress: true } });
  const c = await client();
  c.socket.pause();
  c.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
  const connection = await asked(server);
  const noise = randomBytes(16 * 1024 * 1024); // more than sockets hold
  connection.send(`${HEAD}Content-Length: ${noise.length}\r\n\r\n`);
  connection.socket.write(noise);
  let waiting = -1;
  await eventually("the server to be stopped", async () => {
    const before = waiting;
    await new Promise((resolve) => setTimeout(resolve, 50));
    waiting = connection.socket.writableLength;
    return waiting > 0 && waiting === before;
  });
  c.socket.resume();
  assert.ok(read(await c.untilClosed()).body.equals(noise));
});

test("compress lets go of answers that clients leave in the middle", async (t) => {
  const { client, proxy, server } = await openScene(t, {
    answer: IN_CHUNKS + chunk(randomBytes(200_000).toString("latin1")),
    frontend: { compress: true },
  });
  for (let i = 0; i < 20; i++) {
    const c = await client();
    c.send(get("/", `Accept-Encoding: ${CODINGS[i % 3]}`));
    await c.until("Content-Encoding");
    c.reset();
  }
  await proxy.access(19);
  await eventually("no connection of a server", () => server.open === 0);
  assert.equal(COMPRESSED_BODIES.underWay, 0);
});

test("compress sends answers as they are while max_streams are open", async (t) => {
  const { client, server } = await openScene(t, { frontend: { compress: { max_streams: 1 } } });
  const first = await client();
  first.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
  const connection = await asked(server);
  connection.send(IN_CHUNKS + chunk("x"));
  await eventually("the first stream", () => COMPRESSED_BODIES.underWay === 1);
  const second = await client();
  second.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
  (await asked(server, 1)).send(`${IN_CHUNKS}${chunk(TEXT)}0\r\n\r\n`);
  const plain = read(await second.untilClosed());
  assert.equal(plain.field("content-encoding"), undefined);
  assert.equal(plain.field("vary"), "Accept-Encoding");
  assert.equal(plain.raw.toString(), TEXT);
  connection.send("0\r\n\r\n");
  assert.equal(read(await first.untilClosed()).body.toString(), "x");
  assert.equal(COMPRESSED_BODIES.underWay, 0);
});

test("compress counts answers from their heads on, whose bodies come later", async (t) => {
  const { client, server } = await openScene(t, { frontend: { compress: { max_streams: 2 } } });
  const clients = [];
  for (let i = 0; i < 4; i++) {
    const c = await client();
    c.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
    (await asked(server, i)).send(IN_CHUNKS);
    await c.until("\r\n\r\n");
    clients.push(c);
  }
  assert.equal(COMPRESSED_BODIES.underWay, 2);
  const codings = [];
  for (const [i, c] of clients.entries()) {
    server.connections[i]!.send(`${chunk(TEXT)}0\r\n\r\n`);
    const got = read(await c.untilClosed());
    assert.equal(got.body.toString(), TEXT);
    codings.push(got.field("content-encoding"));
  }
  assert.deepEqual(codings, ["gzip", "gzip", undefined, undefined]);
  assert.equal(COMPRESSED_BODIES.underWay, 0);
});

test("response_body_limit counts what the server sends, before it is compressed", async (t) => {
  for (
    const [answer, reason] of [
      [`${HEAD}Content-Length: ${TEXT.length}\r\n\r\n${TEXT}`, "answer_body_too_large"],
      [IN_CHUNKS + chunk(TEXT) + "0\r\n\r\n", "answer_body_too_large"],
      [IN_CHUNKS + chunk(TEXT.slice(0, 1000)) + "0\r\n\r\n", "ok"],
    ] as const
  ) {
    const { client, proxy } = await openScene(t, {
      answer,
      frontend: { compress: true, response_body_limit: "1000B" },
    });
    const c = await client();
    c.send(get("/", "Accept-Encoding: gzip", "Connection: close"));
    const received = await c.untilClosed();
    assert.equal((await proxy.access(0))["reason"], reason);
    assert.equal(received.startsWith("HTTP/1.1 502"), answer.startsWith(`${HEAD}Content-Length`));
  }
});
