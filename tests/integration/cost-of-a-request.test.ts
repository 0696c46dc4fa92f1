// What an ordinary request takes of the memory, between fake sockets: no later feature is to make that more unseen.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { Program } from "../support/program.ts";
import type { RequestCost } from "../support/request-cost.ts";

/** One frontend and one backend with all defaults, but for the log. */
const CONFIG = `
[log]
level = "warn"
access = false
[[frontends]]
bind = "127.0.0.1:1"
default_backend = "origin"
[backends.origin]
servers = ["http://127.0.0.1:9"]
`;
const SCRIPT = "tests/support/request-cost.ts";
const TIMEOUT_MS = 60_000;

/**
 * What is found, and less than 8 objects or 500 bytes above it; a promise more is seen. The client and the server, which are
 * of the same process, are in it. A change that makes a request cheaper lowers them.
 */
const BOUNDS: [scenario: string, bounds: Required<RequestCost>][] = [
  ["small", { bytes: 4600, objects: 65, promises: 0.5 }],
  ["browser", { bytes: 6950, objects: 94, promises: 0.5 }],
];
for (const [scenario, bounds] of BOUNDS) {
  test(`a request of the scenario ${scenario} takes no promise and no more memory than before`, {
    timeout: TIMEOUT_MS,
    skip: (process.env["SLUICE_BINARY"] ?? "") === ""
      ? false
      : "NOT TESTED: THE SOURCE IS MEASURED, NOT THE BINARY",
  }, async (t) => {
    const args = [scenario, JSON.stringify(bounds), "--", "run", "-c", "{config}"];
    const program = Program.start(args, CONFIG, "sluice.toml", { script: SCRIPT });
    t.after(() => program.dispose());
    await program.untilPrinted('"measured"', TIMEOUT_MS);
    const line = program.stdout.split("\n").find((each) => each.includes('"measured"'))!;
    const cost = JSON.parse(line) as RequestCost;
    for (const kind of ["bytes", "objects", "promises"] as const) {
      const found = cost[kind];
      if (found !== undefined) {
        assert.ok(found <= bounds[kind]!, `${found} ${kind}, ${bounds[kind]} are allowed`);
      }
    }
  });
}
