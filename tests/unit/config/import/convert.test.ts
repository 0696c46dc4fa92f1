// What convert makes of real-looking files. GOLDEN=new writes what it prints anew, to be read before it is kept.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { FOREIGN_FORMATS, type ForeignFormat, guessFormat } from "../../../../src/config/import/formats.ts";
import { conversionReport } from "../../../../src/config/import/report.ts";
import { writeToml } from "../../../../src/config/import/write-toml.ts";
import { writeYaml } from "../../../../src/config/import/write-yaml.ts";
import { parseConfig } from "../../../../src/config/load.ts";

const GOLDEN = fileURLToPath(new URL("../../../golden/convert/", import.meta.url));
const WRITES = process.env["GOLDEN"] === "new";

/** Those that run as they are have their files in golden/drop-in/, and a test of their own. */
const RUN_AS_THEY_ARE: readonly string[] = ["pyhaproxy", "http-proxy-lb", "reverse-proxy"];

const formats = (Object.keys(FOREIGN_FORMATS) as ForeignFormat[]).filter((format) =>
  !RUN_AS_THEY_ARE.includes(format)
);

for (const format of formats) {
  const files = readdirSync(GOLDEN + format, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:conf|cfg|caddy)$/.test(entry.name)).map(({ name }) => name)
    .sort();

  test(`there are seven files of ${format} or more`, () => assert.ok(files.length >= 7));

  for (const file of files) {
    test(`convert prints what stands in the golden file of ${format}/${file}, and it is valid`, () => {
      const path = `${GOLDEN}${format}/${file}`;
      const draft = FOREIGN_FORMATS[format](path);
      const toml = shown(writeToml(draft.data));
      assert.equal(guessFormat(path, readFileSync(path, "utf8")), format);
      golden(`${format}/${file}.toml`, toml);
      golden(`${format}/${file}.txt`, shown(conversionReport(draft)));
      const config = parseConfig(toml, { file: "sluice.toml", format: "toml" });
      assert.deepEqual(parseConfig(writeYaml(draft.data), { file: "sluice.yaml", format: "yaml" }), config);
      assert.equal(draft.incomplete, toml.includes("NOT CONVERTED"));
    });
  }
}

function golden(file: string, text: string): void {
  if (WRITES) writeFileSync(GOLDEN + file, text);
  assert.equal(text, readFileSync(GOLDEN + file, "utf8"), `${basename(file)}: GOLDEN=new writes it anew`);
}

/** Without the folder that the tests happen to stand in. */
function shown(text: string): string {
  return text.replaceAll(GOLDEN, "");
}
