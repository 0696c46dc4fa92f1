import { ConfigError } from "../../../src/config/problems/error.ts";
import { parseConfig } from "../../../src/config/load.ts";
import type { ConfigFormat } from "../../../src/config/read.ts";

/** The lines of the message with which `load` refuses a config; empty if it accepts it. */
export function refusal(load: () => unknown): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n");
  }
}

/** The lines with which `text` is refused; the file is called `c`. */
export function refusals(text: string, format: ConfigFormat = "toml"): string[] {
  return refusal(() => parseConfig(text, { file: "c", format }));
}

/** `line:column: path` of every problem of `text`, without the messages. */
export function positions(text: string, format: ConfigFormat): string[] {
  return refusals(text, format).map((line) => /^c:(\d+:\d+: [^ ]+):/.exec(line)?.[1] ?? line);
}
