import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ConfigError } from "../../../../src/config/problems/error.ts";
import { loadConfig, parseConfig, validateConfig } from "../../../../src/config/load.ts";

const DATA = {
  frontends: [{ bind: ":80", default_backend: "app" }],
  backends: { app: { servers: ["http://a"] } },
};
const TOML = '[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n[backends.app]\nservers = ["http://a"]\n';
const YAML =
  "frontends: [{ bind: ':80', default_backend: app }]\nbackends: { app: { servers: [http://a] } }\n";

const texts = [
  ["json", JSON.stringify({ $schema: "./sluice.schema.json", ...DATA })],
  ["yaml", `$schema: ./sluice.schema.json\n${YAML}`],
  ["yaml", `# yaml-language-server: $schema=./sluice.schema.json\n${YAML}`],
  ["toml", `"$schema" = "./sluice.schema.json"\n${TOML}`],
  ["toml", `#:schema ./sluice.schema.json\n${TOML}`],
] as const;

for (const [format, text] of texts) {
  test(`parseConfig() takes ${JSON.stringify(text.slice(0, 25))} in ${format} for a word to editors`, () => {
    const config = parseConfig(text, { file: "c", format });
    assert.equal(config.frontends.length, 1);
    assert.deepEqual(Object.keys(config).filter((key) => key.includes("schema")), []);
  });
}

test("validateConfig() accepts a $schema that came from a file, and leaves the caller's data as it is", () => {
  const data = { $schema: "x", ...DATA };
  assert.equal(validateConfig(data).frontends.length, 1);
  assert.equal(data.$schema, "x");
});

test("parseConfig() refuses a $schema that is no text, and one in a section", () => {
  for (const text of [`"$schema" = 5\n${TOML}`, `log = { "$schema" = "x" }\n${TOML}`]) {
    assert.throws(() => parseConfig(text, { file: "c", format: "toml" }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /\$schema.*: unknown key; accepted: /);
      return true;
    });
  }
});

test("loadConfig() knows a file of a predecessor that has a $schema", () => {
  const text = `"$schema" = "x"\n${
    readFileSync(new URL("../../../golden/drop-in/reverse-proxy.toml", import.meta.url), "utf8")
  }`;
  assert.equal(loadConfig({ file: "c.toml", text }).readAs?.format, "reverse-proxy");
});
