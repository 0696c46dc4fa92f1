import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdminApp } from "../../../src/admin/app.ts";
import { Guard } from "../../../src/admin/guard.ts";
import { adminRoutes } from "../../../src/admin/routes.ts";
import { SILENT_LOG } from "../../../src/base/log.ts";
import { PARTS } from "./parts.ts";

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { content: Record<string, { schema: { properties: Record<string, unknown> } }> };
  readonly responses: Record<string, unknown>;
}

const guard = new Guard({ token: undefined, host: "127.0.0.1", allowedHosts: [] });
const routes = adminRoutes(PARTS);
const app = createAdminApp(routes, { guard, log: SILENT_LOG });
const ask = (path: string, method = "GET") => app.fetch(new Request(`http://localhost${path}`, { method }));

async function description(): Promise<{ openapi: string; paths: Record<string, Record<string, Operation>> }> {
  return await (await ask("/openapi.json")).json();
}

test("/openapi.json describes every route of the app, and the app has every route that it describes", async () => {
  const { openapi, paths } = await description();
  assert.match(openapi, /^3\.1\./);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assert.deepEqual(described.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  for (const place of described) {
    const [method, path] = place.split(" ") as [string, string];
    const { status } = await ask(path.replaceAll(/[{}]/g, ""), method);
    const { error } = status === 404 ? await (await ask(path.replaceAll(/[{}]/g, ""), method)).json() : {};
    assert.ok(status !== 405 && !/nothing at/.test(error ?? ""), place);
  }
});

test("/openapi.json says of each route what it takes and answers", async () => {
  const { paths } = await description();
  for (const [path, methods] of Object.entries(paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { summary, parameters = [], responses } of Object.values(methods)) {
      assert.match(summary, /^[A-Z].*\.$/);
      assert.deepEqual(parameters.filter((one) => one.in === "path").map(({ name }) => name), names);
      assert.ok("200" in responses);
    }
  }
  const { put } = paths["/api/backends/{backend}/servers/{server}"]!;
  const { schema } = put!.requestBody!.content["application/json"]!;
  assert.deepEqual(Object.keys(schema.properties), ["state", "weight", "ttl"]);
  assert.ok("401" in put!.responses && "413" in put!.responses);
});
