// TLS toward servers: verified unless the operator says otherwise.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import { eventually } from "../support/eventually.ts";
import { RawClient, roundTrip } from "../support/raw-client.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy, type TestProxy } from "../support/test-proxy.ts";
import { get, ok, post } from "./scene.ts";

const GET = get("/", "Connection: close");
let directory = "";

before(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  makeAuthority("ca");
  makeAuthority("other-ca");
  makeCertificate("server", "DNS:app.test,DNS:localhost,IP:127.0.0.1");
  makeCertificate("wrong", "DNS:wrong.test");
});

after(() => rmSync(directory, { recursive: true, force: true }));

test("dial() speaks TLS to a server whose certificate verifies for its address", async (t) => {
  const { proxy } = await start(t, { host: "127.0.0.1", tls: { ca: file("ca.pem") } });
  const received = await roundTrip(proxy.port, GET);
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(received, /\r\nDate: /);
  assert.match(received, /secure$/);
});

test("dial() asks for the name of the server's URL (SNI) and verifies it", async (t) => {
  const { proxy, names } = await start(t, { host: "localhost", tls: { ca: file("ca.pem") } });
  assert.match(await roundTrip(proxy.port, GET), /secure$/);
  assert.deepEqual(names, ["localhost"]);
});

test("dial() asks for server_name in place of the name of the URL and verifies it", async (t) => {
  const { proxy, names } = await start(t, {
    host: "127.0.0.1",
    tls: { ca: file("ca.pem"), server_name: "app.test" },
  });
  assert.match(await roundTrip(proxy.port, GET), /secure$/);
  assert.deepEqual(names, ["app.test"]);
});

test("dial() keeps a TLS connection for the next request", async (t) => {
  const { proxy, sockets } = await start(t, { host: "127.0.0.1", tls: { ca: file("ca.pem") } });
  for (let i = 0; i < 5; i++) assert.match(await roundTrip(proxy.port, GET), /secure$/);
  assert.equal(sockets.length, 1);
});

test("an upload arrives whole over TLS", async (t) => {
  let received = "";
  const body = "x".repeat(200_000);
  const answer = (text: string) => {
    received += text;
    return received.endsWith(`\r\n\r\n${body}`) ? ok("secure") : "";
  };
  const { proxy } = await start(t, { host: "127.0.0.1", tls: { ca: file("ca.pem") }, answer });
  assert.match(await roundTrip(proxy.port, post(body, "Connection: close")), /^HTTP\/1\.1 200 .*secure$/s);
});

const REFUSED: [why: string, options: Partial<Options>][] = [
  ["another name", { certificate: "wrong" }],
  ["another name than server_name", { server_name: "other.test" }],
  ["an authority that is not trusted", { ca: "other-ca" }],
  ["an authority that the system does not know", { ca: undefined }],
];
for (const [why, { certificate, server_name, ca = "ca" }] of REFUSED) {
  test(`dial() fails with tls_failed for a certificate of ${why}`, async (t) => {
    const trusted = why.includes("system") ? {} : { ca: file(`${ca}.pem`) };
    const tls = { ...trusted, ...(server_name && { server_name }) };
    const { proxy, requests } = await start(t, {
      host: "127.0.0.1",
      tls,
      ...(certificate && { certificate }),
    });
    assert.match(await roundTrip(proxy.port, GET), /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*tls_failed\n/);
    assert.equal((await proxy.access(0))["reason"], "tls_failed");
    assert.equal(requests(), 0); // no byte of a request goes to who is not the server
    assert.equal(proxy.inFlight(), 0);
  });
}

test("dial() takes any certificate where verify is false", async (t) => {
  const { proxy } = await start(t, { host: "127.0.0.1", tls: { verify: false }, certificate: "wrong" });
  assert.match(await roundTrip(proxy.port, GET), /secure$/);
});

test("dial() fails with tls_failed for a server that does not speak TLS", async (t) => {
  const { createServer } = await import("node:net");
  const plain = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
  });
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const { port } = plain.address() as { port: number };
  const proxy = await startTestProxy({ servers: [`https://127.0.0.1:${port}`] });
  t.after(async () => {
    await proxy.stop();
    plain.close();
  });
  assert.match(await roundTrip(proxy.port, GET), /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*tls_failed\n/);
});

test("dial() fails with connect_timeout for a server that stalls the handshake", async (t) => {
  const silent = await RawServer.listen();
  const proxy = await startTestProxy({
    servers: [`https://127.0.0.1:${silent.port}`],
    backend: { timeouts: { connect: "150ms" } },
  });
  t.after(async () => {
    await proxy.stop();
    await silent.close();
  });
  assert.match(await roundTrip(proxy.port, GET), /^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*connect_timeout\n/);
  const { reason, detail } = await proxy.access(0);
  assert.equal(reason, "connect_timeout");
  assert.match(String(detail), /^No TLS handshake with \S+ within connect \(150ms\)$/);
});

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";

test("joinTunnel() carries bytes to and from a TLS server, early ones included", async (t) => {
  const answer = (text: string) => text.includes("Upgrade: x") ? `${SWITCH}EARLY` : `got ${text}`;
  const { proxy } = await start(t, { host: "127.0.0.1", tls: { ca: file("ca.pem") }, answer });
  const c = await RawClient.open(proxy.port);
  c.send(get("/", "Connection: Upgrade", "Upgrade: x"));
  await c.until("EARLY");
  c.send("something");
  await c.until("got something");
  c.close();
  await eventually("the tunnel to end", () => proxy.inFlight() === 0);
});

for (
  const [what, head, request] of [
    ["an answer", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", GET],
    ["a tunnel", SWITCH, get("/", "Connection: Upgrade", "Upgrade: x")],
  ] as const
) {
  test(`dial() holds a TLS server back while the client does not read ${what}, and loses nothing`, async (t) => {
    const total = 64_000_000;
    const { proxy, sockets } = await start(t, {
      host: "127.0.0.1",
      tls: { ca: file("ca.pem") },
      answer: () => `${head}${"z".repeat(total)}`,
      ends: true,
    });
    const c = await RawClient.open(proxy.port);
    let received = 0;
    c.socket.removeAllListeners("data");
    c.socket.on("data", (chunk) => received += chunk.length);
    c.send(request);
    await eventually("the beginning", () => received > 0);
    c.socket.pause();
    let last = -1;
    let still = 0;
    await eventually("the server to be held back", () => {
      const left = sockets[0]!.writableLength;
      still = left === last ? still + 1 : 0;
      last = left;
      return still >= 20;
    });
    assert.ok(last > total / 2);
    c.socket.resume();
    // Its end shows that nothing is missing: without a length it is the server's end that ends it.
    await eventually("the end", () => c.ended, 10_000);
    assert.ok(received > total);
    assert.equal(c.error, undefined);
    c.close();
    assert.equal((await proxy.access(0))["reason"], "ok");
  });
}

interface Options {
  readonly host: string;
  readonly tls: Record<string, unknown>;
  /** Name of the certificate that the server shows. */
  readonly certificate?: string;
  readonly ca?: string | undefined;
  readonly server_name?: string;
  /** What the server answers a piece of data with. */
  readonly answer?: (text: string) => string;
  /** Whether it closes behind the answer. */
  readonly ends?: boolean;
}

interface Started {
  readonly proxy: TestProxy;
  /** The names that clients asked for. */
  readonly names: string[];
  readonly sockets: TLSSocket[];
  /** How many pieces of data reached the server. */
  requests(): number;
}

async function start(
  t: TestContext,
  { host, tls, certificate = "server", answer = () => ok("secure"), ends = false }: Options,
): Promise<Started> {
  const names: string[] = [];
  const sockets: TLSSocket[] = [];
  let pieces = 0;
  const key = readFileSync(file(`${certificate}.key`));
  const cert = readFileSync(file(`${certificate}.pem`));
  const server = createServer({ key, cert }, (socket) => {
    sockets.push(socket);
    const { servername } = socket as TLSSocket & { servername?: string | false };
    if (servername) names.push(servername);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      pieces++;
      socket.write(answer(chunk.toString()));
      if (ends) socket.end();
    });
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const proxy = await startTestProxy({ servers: [`https://${host}:${port}`], backend: { tls } });
  t.after(async () => {
    await proxy.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { proxy, names, sockets, requests: () => pieces };
}

function file(name: string): string {
  return join(directory, name);
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}

function makeAuthority(name: string): void {
  openssl(
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), "-subj", `/CN=${name}`],
  );
}

function makeCertificate(name: string, names: string): void {
  const request = file(`${name}.csr`);
  const extensions = file(`${name}.ext`);
  writeFileSync(extensions, `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
  openssl(
    ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", `/CN=${name}`],
    ...["-keyout", file(`${name}.key`), "-out", request],
  );
  openssl(
    ...["x509", "-req", "-in", request, "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"],
    ...["-days", "2", "-extfile", extensions, "-out", file(`${name}.pem`)],
  );
}
