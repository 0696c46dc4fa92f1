// What `check` accepts, the schema accepts: no editor marks a config that is right.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { ConfigError } from "../../src/config/problems/error.ts";
import { loadConfig } from "../../src/config/load.ts";
import { readJson } from "../../src/config/text/json.ts";
import { readToml } from "../../src/config/text/toml.ts";
import { readYaml } from "../../src/config/text/yaml.ts";
import { schemaProblems } from "./validator.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const READERS = { toml: readToml, yaml: readYaml, json: readJson };
const BACKEND = '\n[backends.app]\nservers = ["http://127.0.0.1:1"]\n';
const FRONTEND = '[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n';

type Format = keyof typeof READERS;

function isValid(text: string, format: Format): boolean {
  try {
    return loadConfig({ file: `c.${format}`, text }).readAs === undefined; // else it has the keys of a predecessor
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

function filesBelow(folder: string, pattern: RegExp): readonly (readonly [name: string, text: string])[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => pattern.test(name)).sort()
    .map((name) => [`${folder}/${name}`, readFileSync(join(ROOT, folder, name), "utf8")] as const);
}

/** Those of `texts` that `check` accepts, perhaps with what they leave out; the schema has to accept all of them. */
function acceptedAmong(texts: readonly (readonly [name: string, text: string])[], format: Format): number {
  let accepted = 0;
  for (const [name, text] of texts) {
    const whole = [text, text + BACKEND, FRONTEND + text, FRONTEND + text + BACKEND];
    const found = (format === "toml" ? whole : [text]).find((text) => isValid(text, format));
    if (found === undefined) continue;
    const problems = schemaProblems(READERS[format](found).data);
    assert.deepEqual(problems, [], `${name}\n${found}`);
    accepted++;
  }
  return accepted;
}

for (const format of ["toml", "yaml", "json"] as const) {
  test(`the schema accepts the example config in ${format}`, () => {
    const example = readFileSync(join(ROOT, "config.example.toml"), "utf8");
    const data = JSON.parse(JSON.stringify(readToml(example).data));
    const text = { toml: example, yaml: stringify(data), json: JSON.stringify(data) }[format];
    assert.equal(isValid(text, format), true);
    assert.deepEqual(schemaProblems(READERS[format](text).data), []);
  });
}

test("the schema accepts every valid config in TOML of the documents", () => {
  const blocks = [
    ["README.md", readFileSync(join(ROOT, "README.md"), "utf8")] as const,
    ...filesBelow("docs", /\.md$/),
  ]
    .flatMap(([name, text]) =>
      [...text.matchAll(/^ *```toml\n([^]*?)^ *```$/gm)].map(([, block]) => [name, block!] as const)
    );
  assert.ok(acceptedAmong(blocks, "toml") > 15);
});

test("the schema accepts what is converted, the examples, and what drop-in files are printed as", () => {
  const toml = ["tests/golden", "examples"].flatMap((folder) => filesBelow(folder, /\.toml$/));
  const yaml = filesBelow("tests/golden", /\.ya?ml$/);
  assert.ok(acceptedAmong(toml, "toml") > 20);
  acceptedAmong(yaml, "yaml");
});

test("the schema accepts every valid config that stands in a test", () => {
  const texts = filesBelow("tests", /\.test\.ts$/).flatMap(([name, source]) =>
    [...source.matchAll(/`([^`]*\[\[?(?:frontends|backends)[^`]*)`/g)].map(([, text]) =>
      [name, filled(text!)] as const
    )
  );
  assert.ok(acceptedAmong(texts, "toml") > 10);
});

/** A text of a test, with something where its program puts something in. */
function filled(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1").replaceAll(/(?<!["{$])\$\{[^}]*\}(?!")/g, "9000");
}

test("a text with a variable is accepted where check takes one", () => {
  const text = `
include = []
reload_interval = "\${INTERVAL}"
[log]
level = "\${LEVEL}"
access = "\${ACCESS}"
mask = "\${MASK}"
[[frontends]]
bind = "\${BIND}"
max_connections = "\${MAX:-5}"
default_backend = "app"
[backends.app]
balance = "\${BALANCE}"
retries = { statuses = "\${STATUSES}", hedge = "\${HEDGE}" }
servers = ["http://\${HOST}:80", { url = "\${URL}", weight = "\${WEIGHT}" }]
`;
  assert.deepEqual(schemaProblems(readToml(text).data), []);
});
