import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { sluiceCommand } from "../support/program.ts";

const [command, ...words] = sluiceCommand();
const SHIPPED = fileURLToPath(new URL("../../docs/sluice.schema.json", import.meta.url));

test("sluice schema prints the schema that is shipped, and exits 0", () => {
  const { status, stdout } = spawnSync(command!, [...words, "schema"], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.ok(stdout === readFileSync(SHIPPED, "utf8"));
});
