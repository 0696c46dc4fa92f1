// A config of several files: a reload watches them all, new ones in a folder as well.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Program, sluiceCommand } from "../support/program.ts";
import { roundTrip } from "../support/raw-client.ts";

const MAIN =
  'include = ["conf.d/*.toml"]\nreload_interval = "50ms"\n[[frontends]]\nname = "m"\nbind = "127.0.0.1:0"\n' +
  'routes = [{ respond = { body = "main" } }]\n[shutdown]\ngrace = "0s"\n';

function part(name: string, body: string): string {
  return `[[frontends]]\nname = "${name}"\nbind = "127.0.0.1:0"\nroutes = [{ respond = { body = "${body}" } }]\n`;
}

test("sluice check names the files that a config includes", async () => {
  const program = Program.start(
    ["check", "-c", "sluice.toml"],
    MAIN.replace("conf.d/*.toml", "*.extra"),
    "sluice.toml",
    {
      inside: true,
    },
  );
  try {
    assert.equal(await program.untilExit(), 0);
    assert.doesNotMatch(program.stdout, /includes:/); // the pattern stands for nothing
    mkdirSync(`${dirname(program.path)}/conf.d`);
    writeFileSync(`${dirname(program.path)}/conf.d/a.toml`, part("a", "x"));
    program.configure(MAIN);
    const [command, ...words] = sluiceCommand();
    const { stdout } = spawnSync(command!, [...words, "check", "-c", program.path], { encoding: "utf8" });
    assert.match(stdout, /is valid\.\nincludes: \S+\/conf\.d\/a\.toml\nfrontend m: /);
  } finally {
    await program.dispose();
  }
});

test("a change of an included file, a new one and one that goes are taken over; a bad one names itself and stops nothing", async () => {
  const program = await Program.run(MAIN);
  const folder = `${dirname(program.path)}/conf.d`;
  const write = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}.new`, text);
    renameSync(`${folder}/${name}.new`, `${folder}/${name}`);
  };
  const events = (event: string) =>
    program.stdout.split("\n").filter((line) => line.includes(`"event":"${event}"`)).map((line) =>
      JSON.parse(line)
    );
  const portOf = (frontend: string) =>
    Number(events("listening").findLast((line) => line.frontend === frontend)?.address.split(":").at(-1));
  const ask = (port: number) => roundTrip(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const reloaded = (count: number) =>
    eventually(`${count} reloads`, () => events("reloaded").length >= count);
  try {
    mkdirSync(folder);
    write("a.toml", part("a", "one"));
    await reloaded(1);
    assert.match(await ask(portOf("a")), /one$/);

    write("a.toml", part("a", "two"));
    await reloaded(2);
    assert.match(await ask(portOf("a")), /two$/);

    write("b.toml", part("b", "three").replace("respond", "respnd"));
    await eventually("a refusal", () => events("reload_refused").length === 1);
    assert.match(
      events("reload_refused")[0].cause,
      /conf\.d\/b\.toml:4:\d+: frontends\[0\]\.routes\[0\]\.respnd: unknown key/,
    );
    assert.match(await ask(portOf("a")), /two$/);

    write("b.toml", part("b", "three"));
    await reloaded(3);
    assert.match(await ask(portOf("b")), /three$/);

    const gone = portOf("a");
    rmSync(`${folder}/a.toml`);
    await reloaded(4);
    await eventually("the address to be closed", async () => {
      try {
        return (await ask(gone)) === "";
      } catch {
        return true;
      }
    });
    assert.match(await ask(program.port), /main$/);
    assert.equal(events("reload_refused").length, 1);
  } finally {
    await program.dispose();
  }
});
