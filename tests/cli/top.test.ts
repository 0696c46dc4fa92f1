import assert from "node:assert/strict";
import { test } from "node:test";
import { openAdminScene } from "../integration/admin-scene.ts";
import { Program } from "../support/program.ts";

async function top(admin: string) {
  const program = Program.start(["top", "--admin", admin]);
  try {
    const exit = await program.untilExit();
    return { exit, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.dispose();
  }
}

test("sluice top shows the state of a running proxy once where it does not write to a terminal", async (t) => {
  const { adminPort, names } = await openAdminScene(t);
  const { exit, stdout } = await top(`http://127.0.0.1:${adminPort}`);
  assert.equal(exit, 0);
  assert.match(stdout, /^All 2 servers take requests\.$/m);
  for (const name of names) assert.ok(stdout.includes(name.replace("http://", "")));
  assert.ok(!stdout.includes("\x1b"));
});

test("sluice top says that nothing answers, or that the token is missing, and exits 1", async (t) => {
  const { adminPort } = await openAdminScene(t, { admin: { token: "correct-horse-battery" } });
  const refused = await top(`http://127.0.0.1:${adminPort}`);
  assert.equal(refused.exit, 1);
  assert.match(refused.stderr, /status 401: the token is wrong, or missing/);
  const wrong = await top("https://nowhere");
  assert.deepEqual([wrong.exit, wrong.stdout], [1, ""]);
  assert.match(wrong.stderr, /^"https:\/\/nowhere" is no address of an admin listener; accepted: /);
});
