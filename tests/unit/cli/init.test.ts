import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf } from "../../../src/cli/init.ts";
import { starterConfig } from "../../../src/cli/starter.ts";
import { parseConfig } from "../../../src/config/load.ts";

/** Answers in order, and what was asked. */
function person(...answers: string[]) {
  const asked: string[] = [];
  return { asked, ask: (question: string) => Promise.resolve((asked.push(question), answers.shift() ?? "")) };
}

test("answersOf() asks three questions, and an empty answer is what stands in brackets", async () => {
  const { asked, ask } = person(" 127.0.0.1:80 ", "", "");
  assert.deepEqual(await answersOf({}, ask), {
    listen: "127.0.0.1:80",
    servers: ["http://localhost:5000"],
    health: "",
  });
  assert.equal(asked.length, 3);
  assert.match(asked[0]!, /^Address to listen on\? \[:8080\] $/);
});

test("answersOf() asks only for what the options leave open", async () => {
  const { asked, ask } = person("a:1, b:2,");
  const answers = await answersOf({ listen: ":1", health: "/up" }, ask);
  assert.deepEqual(answers, { listen: ":1", servers: ["a:1", "b:2"], health: "/up" });
  assert.equal(asked.length, 1);
});

test("answersOf() takes a port alone for an address and for a server, as sluice proxy does", async () => {
  const answers = await answersOf(
    { listen: "8080", to: ["5000", ":5001", "a:1"], health: "-" },
    person().ask,
  );
  assert.deepEqual(answers, {
    listen: ":8080",
    servers: ["localhost:5000", "localhost:5001", "a:1"],
    health: "",
  });
});

for (const health of ["", "/up"]) {
  test(`starterConfig() is a config with what was answered, its probes ${health || "off"}`, () => {
    const text = starterConfig({ listen: ":81", servers: ["a:1", 'unix:/x"${y}'], health });
    const { frontends, backends, admin } = parseConfig(text, { file: "x.toml", format: "toml" });
    assert.equal(frontends[0]!.bind[0]!.text, ":81");
    assert.deepEqual(backends["app"]!.servers.map(({ url }) => url), ["http://a:1", 'unix:/x"${y}']);
    assert.equal(backends["app"]!.healthCheck?.path, health || undefined);
    assert.equal(admin!.bind.text, "127.0.0.1:9090");
  });
}

test("starterConfig() is valid with every comment that is a key taken out", () => {
  const text = starterConfig({ listen: ":81", servers: ["a:1"], health: "" });
  const whole = text.replace(/^# (?=\[|[a-z_]+ = )/gm, "");
  assert.notEqual(whole, text);
  const { frontends, backends, log } = parseConfig(whole, { file: "x.toml", format: "toml" });
  assert.deepEqual([frontends[0]!.routes.length, log.access], [1, false]);
  assert.ok(backends["app"]!.sticky !== undefined && backends["app"]!.healthCheck !== undefined);
});
