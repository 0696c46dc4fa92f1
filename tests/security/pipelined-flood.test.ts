// A client that pipelines without end must not keep the others waiting, whatever answers it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { get, ok, openScene } from "../integration/scene.ts";

const FLOOD = 1000;

const ANSWERS: [what: string, route: Record<string, unknown> | undefined][] = [
  ["a page of its own", { respond: { body: "own" } }],
  ["a redirect", { redirect: "/other" }],
  ["404", undefined],
  ["503", { backend: "nobody" }],
];
for (const [what, route] of ANSWERS) {
  test(`DownstreamConnection answers others between ${FLOOD} pipelined requests for ${what}`, async (t) => {
    const scene = await openScene(t, {
      answer: ok(),
      frontend: {
        default_backend: undefined,
        routes: [{ path_prefix: "/bystander", backend: "app" }, ...(route === undefined ? [] : [route])],
      },
      config: {
        backends: {
          app: { servers: ["http://127.0.0.1:9"] },
          nobody: { servers: [{ url: "http://127.0.0.1:9", weight: 0 }] },
        },
      },
    });
    const flood = await scene.client();
    const bystander = await scene.client();
    flood.send(get("/flood").repeat(FLOOD));
    bystander.send(get("/bystander"));
    const { accesses } = scene.proxy;
    await eventually("all answers", () => accesses.length === FLOOD + 1);
    const place = accesses.findIndex(({ target }) => target === "/bystander");
    assert.ok(place < FLOOD / 2, `${place} requests of the other client came first`);
  });
}
