import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { isOpenRelay, warnOfOpenRelays } from "../../../src/lifecycle/open-relay.ts";

/** The frontend of a relay on `bind` with lines of its section, and of the frontend itself. */
function relay(bind: string, section: string, own = "") {
  const text = `[[frontends]]\nmode = "relay"\nbind = "${bind}"\n${own}\n[frontends.relay]\n${section}\n`;
  return parseConfig(text, { file: "x.toml", format: "toml" }).frontends[0]!;
}

const ALL = 'allow_clients = ["0.0.0.0/0", "::/0"]';
const HASH = "scrypt$16384$8$5$iROvaoDrtJA2ZaP-uuySNA$WrSsK4ACIn2ZjCppOHFgnNaar4Fks15Px8fcBL3ld-E";

for (
  const [bind, section, isOpen] of [
    ["0.0.0.0:1", ALL, true],
    [":1", 'allow_clients = ["0.0.0.0/0"]', true],
    ["[::]:1", 'allow_clients = ["private", "::/0"]', true],
    ["127.0.0.1:1", ALL, false],
    ["unix:/run/x", ALL, false],
    [":1", "", false],
    [":1", 'allow_clients = ["10.0.0.0/8", "unix"]', false],
  ] as const
) {
  test(`a relay on ${bind} with ${section || "nothing else"} is ${isOpen ? "open" : "not open"}`, () => {
    assert.equal(isOpenRelay(relay(bind, section)), isOpen);
  });
}

test("a relay that asks for passwords is not open", () => {
  assert.equal(isOpenRelay(relay(":1", `${ALL}\nusers = { us = "${HASH}" }`)), false);
});

test("warnOfOpenRelays() names each open relay with its address", () => {
  const lines: unknown[] = [];
  const log = { ...SILENT_LOG, warn: (...line: unknown[]) => void lines.push(line) };
  warnOfOpenRelays([relay(":1", ALL), relay("127.0.0.1:2", ALL)], log);
  assert.deepEqual(lines, [["open_relay", { frontend: "frontend1", address: ":1" }]]);
});
