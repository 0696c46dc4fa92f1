// Two real parents of a kind under a steady load, each killed and started again in turn: no client sees it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { programPath, sayMissing } from "./commands.ts";
import { Load } from "./load.ts";
import type { Parent } from "./parent.ts";
import { Scene } from "./scene.ts";

for (const kind of ["tinyproxy", "squid"] as const) {
  const title =
    `the relay hides that one of two ${kind} is killed under load, and uses it again when it is back`;
  const skip = programPath(kind) === undefined && sayMissing(kind);

  test(title, { skip }, async (t) => {
    const scene = await Scene.start(kind);
    t.after(() => scene.dispose());
    const load = new Load(scene.relay.port, scene.origin);
    t.after(() => load.stop());
    for (const parent of scene.parents) await untilUsed(scene, parent);

    for (const parent of scene.parents) {
      await parent.kill();
      await load.untilServed(200, 100);
      await parent.restart();
      await untilUsed(scene, parent);
      await load.untilServed(50, 25);
    }
    await load.stop();

    const cut = (kind: string) => load.cut.filter((text) => text.startsWith(kind)).length;
    const moved = scene.accesses().filter(({ attempts }) => Number(attempts) > 1).length;
    console.log(
      `${kind}, each of two killed once: ${load.gets} GETs, ${load.tunnels} tunnels, of which ${moved} moved on; ` +
        `${load.errors.length} errors; cut after they had begun: ${cut("GET")} GETs, ${
          cut("tunnel")
        } tunnels`,
    );
    assert.deepEqual(load.errors, []);
    assert.ok(load.gets > 500 && load.tunnels > 250);
    assert.ok(load.cut.length <= scene.parents.length * Load.LOOPS);
  });
}

/** Waits until a GET and a tunnel that begin from now on are served by `parent`. */
async function untilUsed(scene: Scene, parent: Parent): Promise<void> {
  let read = scene.relay.stdout.length;
  const missing = new Set(["GET", "CONNECT"]);
  await eventually(`${[...missing]} by ${parent.url}`, () => {
    for (const { method, server, status } of scene.accesses(read)) {
      if (server === parent.url && status === 200) missing.delete(String(method));
    }
    read = scene.relay.stdout.lastIndexOf("\n") + 1;
    return missing.size === 0;
  }, 30_000);
}
