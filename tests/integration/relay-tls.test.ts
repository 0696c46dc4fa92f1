// Parents that are reached by TLS, and targets whose URL is https.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { createServer, type TLSSocket } from "node:tls";
import { eventually } from "../support/eventually.ts";
import { bodyOf, ok } from "./scene.ts";
import { connectTo, linesOf, lone, openRelay, statusOf } from "./relay-scene.ts";

let directory = "";
const file = (name: string) => join(directory, name);

before(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-test-"));
  execFileSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=parent".split(" "),
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file("key.pem"), "-out", file("cert.pem")],
  ], { stdio: "ignore" });
});

after(() => rmSync(directory, { recursive: true, force: true }));

/** A TLS server that keeps what it gets, and answers each head with what `say` makes of it. */
async function listen(t: TestContext, say: (head: string) => string) {
  const state = { received: "", port: 0, ended: false, sockets: [] as TLSSocket[] };
  const options = { key: readFileSync(file("key.pem")), cert: readFileSync(file("cert.pem")) };
  const server = createServer(options, (socket) => {
    state.sockets.push(socket);
    socket.on("error", () => {}); // clients that do not trust it
    socket.on("end", () => state.ended = true);
    socket.on("data", (chunk) => {
      state.received += chunk.toString("latin1");
      if (/^(?:GET|CONNECT) [^]*\r\n\r\n/.test(chunk.toString("latin1"))) socket.write(say(state.received));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of state.sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  state.port = (server.address() as { port: number }).port;
  return state;
}

test("createRelayApp() asks a parent by TLS, for pages and for tunnels", async (t) => {
  const parent = await listen(
    t,
    (head) => head.includes("CONNECT") ? "HTTP/1.1 200 Connection established\r\n\r\nHELLO" : ok("<parent>"),
  );
  const scene = await openRelay(t, { parents: [ok()] });
  await scene.reload({
    backend: { servers: [`https://127.0.0.1:${parent.port}`], tls: { ca: file("cert.pem") } },
  });
  assert.equal(bodyOf(await scene.ask(lone("http://h.example/"))), "<parent>");
  assert.deepEqual(linesOf(parent.received)[0], "GET http://h.example/ HTTP/1.1");
  const c = await scene.client();
  c.send(`${connectTo("h.example:443")}EARLY`);
  await c.until("HELLO");
  await eventually("the client's bytes", () => parent.received.endsWith("\r\n\r\nEARLY"));
  const many = "x".repeat(1_000_000);
  c.send(`${many}!`);
  await eventually("all of them", () => parent.received.endsWith("x!"));
  parent.sockets.at(-1)!.write(`${many}?`);
  await c.until(/x\?$/);
  assert.equal(bodyOf(c.received).length, 5 + 1_000_001);
  c.close();
  await eventually("the end", () => parent.ended && scene.proxy.inFlight() === 0);
});

test("createRelayApp() does not trust a target whose certificate does not verify", async (t) => {
  const target = await listen(t, () => ok("<target>"));
  const { ask, proxy } = await openRelay(t);
  assert.equal(statusOf(await ask(lone(`https://127.0.0.1:${target.port}/`))), 502);
  assert.equal((await proxy.access(0))["reason"], "tls_failed");
  assert.equal(target.received, "");
});
