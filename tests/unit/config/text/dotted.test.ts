import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../../src/config/load.ts";
import { refusals } from "../support.ts";

const FRONTEND = '[[frontends]]\nbind = "127.0.0.1:1"\ndefault_backend = "app"\n';

test("parseConfig() takes dotted keys of TOML for what headers and brackets say", () => {
  const dotted =
    `log.access = false\nshutdown.drain_timeout = "5s"\ndefaults.timeouts.connect = "1s"\n${FRONTEND}` +
    'timeouts.keep_alive = "9s"\n[backends]\napp.health_check.path = "/up"\napp.servers = ["a"]\n';
  const written =
    '[log]\naccess = false\n[shutdown]\ndrain_timeout = "5s"\n[defaults]\ntimeouts = { connect = "1s" }\n' +
    `${FRONTEND}[frontends.timeouts]\nkeep_alive = "9s"\n[backends.app]\nservers = ["a"]\nhealth_check = { path = "/up" }\n`;
  const read = (text: string) => parseConfig(text, { file: "c", format: "toml" });
  assert.deepEqual(read(dotted), read(written));
});

test("parseConfig() places a problem of a dotted key at its last word", () => {
  assert.match(
    refusals(`defaults.timeouts.conect = "1s"\n${FRONTEND}[backends]\napp.servers = ["a"]\n`)[0]!,
    /^c:1:19: defaults\.timeouts\.conect: unknown key; .*did you mean "connect"\?$/,
  );
});
