import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FOREIGN_FORMATS, guessFormat } from "../../../../src/config/import/formats.ts";
import { writeToml } from "../../../../src/config/import/write-toml.ts";
import { writeYaml } from "../../../../src/config/import/write-yaml.ts";
import { loadConfig, parseConfig } from "../../../../src/config/load.ts";
import { refusal } from "../support.ts";

const FOLDER = fileURLToPath(new URL("../../../golden/drop-in/", import.meta.url));

for (
  const [format, file] of [
    ["pyhaproxy", "pyhaproxy.yaml"],
    ["http-proxy-lb", "http-proxy-lb.yaml"],
    ["reverse-proxy", "reverse-proxy.toml"],
  ] as const
) {
  test(`a file of ${format} is converted to what it is read as, in TOML and in YAML`, () => {
    const { config, readAs } = loadConfig({ file: FOLDER + file });
    const draft = FOREIGN_FORMATS[format](FOLDER + file);
    assert.deepEqual(parseConfig(writeToml(draft.data), { file, format: "toml" }), config);
    assert.deepEqual(parseConfig(writeYaml(draft.data), { file, format: "yaml" }), config);
    assert.deepEqual(draft.notes.map(({ message }) => message), readAs!.differences);
    assert.equal(draft.incomplete, false);
  });
}

test("guessFormat() tells files that run as they are by their shape", () => {
  const text = "listen: 127.0.0.1:1\nupstream: []\n";
  assert.equal(guessFormat("a.yaml", text), "http-proxy-lb");
  assert.equal(guessFormat("a.conf", text), undefined);
  assert.equal(guessFormat("a.yaml", "frontends: [{ bind: ':1', routes: [] }]"), undefined);
});

test("a file of another format is refused", () => {
  const file = `${FOLDER}pyhaproxy.yaml`;
  assert.deepEqual(refusal(() => FOREIGN_FORMATS["http-proxy-lb"](file)), [
    `${file}: is no config of http-proxy-lb; see docs/drop-in.md`,
  ]);
});
