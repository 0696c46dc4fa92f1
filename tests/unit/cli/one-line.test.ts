import assert from "node:assert/strict";
import { test } from "node:test";
import { configOfCommand, type ProxyCommand } from "../../../src/cli/one-line.ts";
import { validateConfig, validateDocument } from "../../../src/config/load.ts";
import { refusal } from "../config/support.ts";

const read = (command: ProxyCommand) => validateDocument(configOfCommand(command), "sluice proxy");

test("configOfCommand() is a frontend and a backend with what the options say", () => {
  const command: ProxyCommand = {
    listen: [":8080", "127.0.0.1:81"],
    to: ["localhost:5000", "https://b", ":5001"],
    health: "/up",
    sticky: true,
    balance: "leastconn",
    admin: true,
  };
  assert.deepEqual(
    read(command),
    validateConfig({
      frontends: [{ name: "web", bind: [":8080", "127.0.0.1:81"], default_backend: "app" }],
      backends: {
        app: {
          balance: "leastconn",
          sticky: {},
          health_check: { path: "/up" },
          servers: ["http://localhost:5000", "https://b", "http://localhost:5001"],
        },
      },
      admin: { bind: "127.0.0.1:9090" },
    }),
  );
});

test("configOfCommand() listens at port 8080 of all addresses, and without --admin there is no such listener", () => {
  const { frontends, admin } = read({ to: ["a"] });
  assert.deepEqual([frontends[0]!.bind[0]!.text, admin], [":8080", undefined]);
  assert.deepEqual(read({ to: ["a"], listen: ["81"] }).frontends[0]!.bind[0]!.text, ":81");
});

test("configOfCommand() is a relay, straight or through parents", () => {
  const straight = read({ relay: true });
  assert.deepEqual([straight.frontends[0]!.mode, straight.frontends[0]!.defaultBackend], [
    "relay",
    undefined,
  ]);
  const { frontends, backends } = read({ relay: true, to: ["parent:3128"], balance: "best" });
  assert.equal(frontends[0]!.defaultBackend, "parents");
  const { protocol, balance, servers } = backends["parents"]!;
  assert.deepEqual([protocol, balance, servers[0]!.url], ["proxy", "best", "http://parent:3128"]);
});

const refused: [command: ProxyCommand, problem: RegExp][] = [
  [{}, /^sluice proxy: --to: is missing; accepted: one or more servers, or --relay$/],
  [{ to: ["x:y"] }, /^sluice proxy: --to: is "http:\/\/x:y"; accepted: /],
  [{ to: ["a", "a"] }, /^sluice proxy: --to: is "http:\/\/a", the same as --to; /],
  [{ to: ["a"], listen: ["x"] }, /^sluice proxy: --listen: is "x"; accepted: "host:port"/],
  [{ to: ["a"], balance: "leastcon" }, /^sluice proxy: --balance: .*did you mean "leastconn"\?$/],
  [{ to: ["a"], health: "up" }, /^sluice proxy: --health: is "up"; accepted: a path/],
  [
    { to: ["a"], admin: "0.0.0.0:9" },
    /^sluice proxy: --admin: is "0\.0\.0\.0:9"; accepted: an address of this machine/,
  ],
  [
    { relay: true, to: ["a"], sticky: true },
    /^sluice proxy: --sticky: is for servers that answer themselves/,
  ],
  [{ relay: true, balance: "best" }, /^sluice proxy: --balance: has nothing to choose from/],
];
for (const [command, problem] of refused) {
  test(`configOfCommand() refuses ${JSON.stringify(command)} by the name of the option`, () => {
    const [line, ...more] = refusal(() => read(command));
    assert.match(line!, problem);
    assert.deepEqual(more, []);
  });
}

test("configOfCommand() takes what looks like a variable for text", () => {
  assert.equal(read({ to: ["${X}"] }).backends["app"]!.servers[0]!.url, "http://${x}");
});
