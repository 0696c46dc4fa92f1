// Real clients through the relay, straight and over two real parents that ask for a password.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hashPassword } from "../../src/access/password.ts";
import { eventually } from "../support/eventually.ts";
import { CLIENTS } from "./clients.ts";
import { programPath, sayMissing } from "./commands.ts";
import { Scene } from "./scene.ts";

const USER = "client";
const PASSWORD = "secret";

const clients = CLIENTS.map((client) => ({
  ...client,
  skip: client.installed() ? false : sayMissing(client.name),
}));

for (const kind of ["straight", "tinyproxy", "squid"] as const) {
  const way = kind === "straight" ? "straight to the target" : `over two ${kind}`;
  if (kind !== "straight" && programPath(kind) === undefined) {
    test(`clients get through the relay ${way}`, { skip: sayMissing(kind) }, () => {});
    continue;
  }
  let scene: Scene;

  before(async () => {
    const hash = await hashPassword(PASSWORD);
    scene = await Scene.start(kind, `users = { ${USER} = "${hash}" }`);
  });
  after(() => scene?.dispose());

  for (const { name, skip, run } of clients) {
    test(`${name} makes plain requests and tunnels through the relay ${way}`, { skip }, async () => {
      const { relay, parents, origin } = scene;
      const from = relay.stdout.length;
      await run(`http://${USER}:${PASSWORD}@127.0.0.1:${relay.port}`, origin);
      const served = () => scene.accesses(from).filter(({ status }) => status === 200);
      await eventually("the log of both", () => {
        const methods = new Set(served().map(({ method }) => method));
        return methods.has("GET") && methods.has("CONNECT");
      });
      const ports = kind === "straight"
        ? [origin.httpPort, origin.httpsPort]
        : parents.map(({ port }) => port);
      for (const { server } of served()) {
        assert.ok(ports.includes(Number(String(server).split(":")[2])), String(server));
      }
    });
  }
}
