import { ConfigError } from "../config/problems/error.ts";
import { parseConfig } from "../config/load.ts";
import { FOREIGN_FORMATS, type ForeignFormat, guessFormat } from "../config/import/formats.ts";
import { ForeignFiles } from "../config/import/foreign-files.ts";
import { conversionReport } from "../config/import/report.ts";
import { writeToml } from "../config/import/write-toml.ts";
import { writeYaml } from "../config/import/write-yaml.ts";
import { print } from "../net/stdout.ts";

/** Options of `convert`. */
export interface ConvertCommand {
  readonly from?: ForeignFormat;
  readonly to: "toml" | "yaml";
}

/** What something is not converted ends with. */
const INCOMPLETE = 3;

/**
 * Prints the config of another program as one of ours, and on standard error what changed on the way. Resolves with the
 * exit code: 0 where everything is converted, else 3. Throws a `ConfigError` for a file that cannot be read.
 */
export async function convert(file: string, { from, to }: ConvertCommand): Promise<number> {
  const format = from ?? guessFormat(file, new ForeignFiles().read(file).text);
  if (format === undefined) {
    const accepted = Object.keys(FOREIGN_FORMATS).join(", ");
    throw new ConfigError([{
      file,
      path: "",
      message: `is of no format that is known; accepted: --from with ${accepted}`,
    }]);
  }
  const draft = FOREIGN_FORMATS[format](file);
  const text = to === "toml" ? writeToml(draft.data) : writeYaml(draft.data);
  await print(text);
  const problems = problemsOf(text, to);
  await print([conversionReport(draft), problems].filter((part) => part !== "").join("\n"), "stderr");
  return draft.incomplete || problems !== "" ? INCOMPLETE : 0;
}

/** What `check` would say of what is printed, in words; empty where it is valid. */
function problemsOf(text: string, format: "toml" | "yaml"): string {
  try {
    parseConfig(text, { file: `sluice.${format}`, format });
    return "";
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `What is printed needs a hand before it is valid:\n${error.message.replace(/^/gm, "  ")}\n`;
  }
}
