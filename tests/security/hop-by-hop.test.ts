/** What belongs to one connection stays there, and nobody can make the proxy drop what is meant for the other end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { type RawConnection, RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get, post } from "./shapes/shape.ts";
import { ok } from "./shapes/answer.ts";
import { soon } from "./soon.ts";
import { readStrictly, type SeenRequest, valuesOf } from "./strict-reader.ts";

/** Ways to name a field in Connection. */
const NOMINATIONS: [how: string, lines: (name: string) => string[]][] = [
  ["alone", (name) => [`Connection: ${name}`]],
  ["in lower case in a list", (name) => [`Connection: keep-alive, ${name.toLowerCase()} ,x`]],
  ["in capitals in a second line", (name) => ["Connection: keep-alive", `connection: ${name.toUpperCase()}`]],
  ["between commas and tabs", (name) => [`Connection: ,,\t${name}\t,`]],
];

const KEPT_OF_REQUESTS: [line: string, sent: string][] = [
  ["Authorization: Basic eA==", "Basic eA=="],
  ["Cookie: a=b", "a=b"],
  ["Content-Type: text/plain", "text/plain"],
  ["Content-Encoding: gzip", "gzip"],
  ["Content-Range: bytes 0-2/3", "bytes 0-2/3"],
  ["Content-Disposition: inline", "inline"],
  ["Content-Length: 3", "3"],
  ["Host: a.test", "a.test"],
  ["X-Real-IP: 9.9.9.9", "127.0.0.1"],
  ["X-Forwarded-For: 9.9.9.9", "9.9.9.9, 127.0.0.1"],
  ["X-Forwarded-Proto: https", "http"],
  ["X-Forwarded-Host: evil.test", "a.test"],
];

/** Fields of one connection, besides Connection itself. */
const ONE_CONNECTION = [
  "Keep-Alive: timeout=9, max=9",
  "Proxy-Connection: keep-alive",
  "Proxy-Authorization: Basic eA==",
  "Proxy-Authenticate: Basic",
  "TE: deflate",
  "Trailer: X-Sum",
  "Upgrade: websocket",
];

const KEPT_OF_ANSWERS = [
  "Set-Cookie: a=b",
  "Content-Type: text/plain",
  "Content-Encoding: gzip",
  "Content-Range: bytes 0-1/2",
  "Content-Length: 2",
  "Date: Thu, 01 Jan 2026 00:00:00 GMT",
];

const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"];

for (const [how, nominate] of NOMINATIONS) {
  for (const [line, sent] of KEPT_OF_REQUESTS) {
    const name = nameOf(line);
    test(`the proxy forwards ${name} although Connection names it ${how}`, async () => {
      // Host and Content-Length stand in the request anyway.
      const more = name === "Host" || name === "Content-Length" ? [] : [line];
      const seen = await forward(post([...nominate(name), "Content-Length: 3", ...more], "abc"));
      assert.deepEqual(valuesOf(seen.fields, name.toLowerCase()), [sent]);
      assert.equal(seen.body, "abc");
    });
  }

  for (const line of KEPT_OF_ANSWERS) {
    const name = nameOf(line);
    test(`the proxy passes ${name} of an answer on although Connection names it ${how}`, async () => {
      const length = name === "Content-Length" ? [] : ["Content-Length: 2"];
      const received = await answer(ok([...nominate(name), line, ...length], "ok"));
      assert.ok(received.includes(`\r\n${line}\r\n`));
      assert.ok(received.endsWith("\r\n\r\nok"));
    });
  }

  test(`the proxy drops a field of a request that Connection names ${how}`, async () => {
    const seen = await forward(get("X-Secret: 1", ...nominate("X-Secret"), "x-secret: 2", "X-Secrets: 3"));
    assert.deepEqual(valuesOf(seen.fields, "x-secret"), []);
    assert.deepEqual(valuesOf(seen.fields, "x-secrets"), ["3"]);
  });

  test(`the proxy drops a field of an answer that Connection names ${how}`, async () => {
    const lines = ["X-Secret: 1", ...nominate("X-Secret"), "x-secret: 2", "X-Secrets: 3"];
    const received = await answer(ok([...lines, "Content-Length: 2"], "ok"));
    assert.doesNotMatch(received, /x-secret:/i);
    assert.ok(received.includes("\r\nX-Secrets: 3\r\n"));
  });
}

for (const line of ONE_CONNECTION) {
  test(`the proxy keeps ${nameOf(line)} from the server`, async () => {
    const seen = await forward(get(line, "X-A: 1"));
    assert.deepEqual(valuesOf(seen.fields, nameOf(line).toLowerCase()), []);
    assert.deepEqual(valuesOf(seen.fields, "x-a"), ["1"]);
  });

  test(`the proxy keeps ${nameOf(line)} from the client`, async () => {
    const received = await answer(ok([line, "X-A: 1", "Content-Length: 2"], "ok"));
    assert.doesNotMatch(received, new RegExp(`^${nameOf(line)}:`, "im"));
    assert.ok(received.includes("\r\nX-A: 1\r\n"));
  });

  test(`the proxy keeps ${nameOf(line)} of an interim answer from the client`, async () => {
    const received = await answer(
      `HTTP/1.1 103 Early Hints\r\n${line}\r\nX-A: 1\r\n\r\n` + ok(["Content-Length: 2"], "ok"),
    );
    assert.doesNotMatch(received, new RegExp(`^${nameOf(line)}:`, "im"));
    assert.ok(received.startsWith("HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n"));
  });

  if (line.startsWith("Upgrade")) continue;
  test(`the proxy keeps ${nameOf(line)} of a 101 from the client`, async () => {
    const received = await switched(["X-A: 1", line]);
    assert.doesNotMatch(received, new RegExp(`^${nameOf(line)}:`, "im"));
    assert.ok(received.includes("\r\nX-A: 1\r\n"));
  });

  test(`the proxy keeps ${nameOf(line)} of an upgrade from the server`, async () => {
    const seen = await forward(get(...UPGRADE, line));
    assert.deepEqual(valuesOf(seen.fields, nameOf(line).toLowerCase()), []);
    assert.deepEqual(valuesOf(seen.fields, "upgrade"), ["websocket"]);
  });
}

test("the proxy drops what Connection names of an interim answer", async () => {
  const received = await answer(
    "HTTP/1.1 103 Early Hints\r\nConnection: X-Secret\r\nX-Secret: 1\r\nLink: </a>\r\n\r\n" +
      ok(["Content-Length: 2"], "ok"),
  );
  assert.ok(received.startsWith("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
});

test("the proxy drops trailers of a request that Connection names (RFC 9110 §7.6.1)", async () => {
  const body = "3\r\nabc\r\n0\r\nX-Secret: 1\r\nX-Sum: 2\r\n\r\n";
  const text = await forwardedText(post(["Connection: X-Secret", "Transfer-Encoding: chunked"], body));
  assert.doesNotMatch(text, /X-Secret/);
  assert.ok(text.endsWith("0\r\nX-Sum: 2\r\n\r\n"));
});

test("the proxy drops trailers of an answer that Connection names (RFC 9110 §7.6.1)", async () => {
  const body = "2\r\nok\r\n0\r\nX-Secret: 1\r\nX-Sum: 2\r\n\r\n";
  const received = await answer(ok(["Connection: X-Secret", "Transfer-Encoding: chunked"], body));
  assert.doesNotMatch(received, /X-Secret/);
  assert.ok(received.endsWith("0\r\nX-Sum: 2\r\n\r\n"));
});

for (
  const line of [
    "Connection: close",
    "Keep-Alive: x",
    "Content-Length: 9",
    "Transfer-Encoding: x",
    "Set-Cookie: a=b",
    "Host: x",
  ]
) {
  test(`the proxy drops ${nameOf(line)} from the trailers of an answer`, async () => {
    const body = `2\r\nok\r\n0\r\n${line}\r\nX-Sum: 2\r\n\r\n`;
    const received = await answer(ok(["Transfer-Encoding: chunked"], body));
    assert.ok(received.endsWith("\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n"));
  });
}

test("the proxy asks for an upgrade in its own words", async () => {
  const seen = await forward(
    get("Connection: keep-alive, UPGRADE, X-Secret", "X-Secret: 1", "Upgrade: websocket"),
  );
  assert.deepEqual(valuesOf(seen.fields, "connection"), ["Upgrade"]);
  assert.deepEqual(valuesOf(seen.fields, "upgrade"), ["websocket"]);
  assert.deepEqual(valuesOf(seen.fields, "x-secret"), []);
});

test("the proxy drops what Connection names of an upgrade, but not who the client is", async () => {
  const seen = await forward(get(
    "Connection: Upgrade, X-Forwarded-For, Host, Cookie, Authorization",
    "Upgrade: websocket",
    "Cookie: a=b",
    "Authorization: x",
  ));
  assert.deepEqual(valuesOf(seen.fields, "x-forwarded-for"), ["127.0.0.1"]);
  assert.deepEqual(valuesOf(seen.fields, "cookie"), ["a=b"]);
  assert.deepEqual(valuesOf(seen.fields, "authorization"), ["x"]);
});

test("the proxy announces an upgrade in its own words", async () => {
  const received = await switched(["Connection: X-Secret", "X-Secret: 1", "Set-Cookie: a=b"]);
  assert.equal(received.match(/^Connection: Upgrade\r$/gm)!.length, 1);
  assert.equal(received.match(/^Connection:/gim)!.length, 1);
  assert.equal(received.match(/^Upgrade:/gim)!.length, 1);
  assert.doesNotMatch(received, /X-Secret/);
  assert.ok(received.includes("\r\nSet-Cookie: a=b\r\n"));
});

for (const line of ['Alt-Svc: h3=":443"', "Content-Length: 5", "Transfer-Encoding: chunked"]) {
  test(`the proxy keeps ${nameOf(line)} of a 101 from the client, whose connection is no HTTP any more`, async () => {
    assert.doesNotMatch(await switched([line]), new RegExp(`^${nameOf(line)}:`, "im"));
  });
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(":"));
}

/** What a server gets of `request`. */
async function forward(request: string): Promise<SeenRequest> {
  const { requests } = readStrictly(await forwardedText(request));
  assert.equal(requests.length, 1);
  return requests[0]!;
}

async function forwardedText(request: string): Promise<string> {
  return await exchange(
    request,
    ok(["Content-Length: 2"], "ok"),
    "\r\n\r\nok",
    (_, server) => server.received,
  );
}

/** What a client gets of `text`, the answer to its request. */
async function answer(text: string): Promise<string> {
  const end = text.endsWith("\r\n\r\n") ? "\r\n\r\n" : "\r\n\r\nok";
  return await exchange(get(), text, end, (client) => client.received);
}

/** What a client gets of a 101 with `lines`. The bytes behind it, in both directions, must arrive as they are. */
async function switched(lines: readonly string[]): Promise<string> {
  const head = ["HTTP/1.1 101 Switching Protocols", ...UPGRADE, ...lines, "", ""].join("\r\n");
  const request = get(...UPGRADE) + "early of the client";
  return await exchange(
    request,
    head + "early of the server",
    "early of the server",
    async (client, server) => {
      await soon(
        "the early bytes at the server",
        () => server.received.endsWith("\r\n\r\nearly of the client"),
      );
      return client.received;
    },
  );
}

/** Sends `request` and, when its head is there, `reply`; then takes what `result` makes of it. */
async function exchange<T>(
  request: string,
  reply: string,
  end: string,
  result: (client: RawClient, server: RawConnection) => T | Promise<T>,
): Promise<T> {
  const server = await RawServer.listen();
  const proxy = await startTestProxy({ servers: [server.port] });
  try {
    const client = await RawClient.open(proxy.port);
    client.send(request);
    const isWhole = () => {
      const bytes = server.received.replace("early of the client", "");
      return readStrictly(bytes).requests.length === 1;
    };
    await soon("the request", isWhole);
    server.connections[0]!.send(reply);
    await soon(`the answer in ${JSON.stringify(client.received)}`, () => client.received.endsWith(end));
    const value = await result(client, server.connections[0]!);
    client.close();
    return value;
  } finally {
    await Promise.all([proxy.stop(), server.close()]);
  }
}
