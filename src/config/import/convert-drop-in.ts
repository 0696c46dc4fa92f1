import { ConfigError } from "../problems/error.ts";
import { readConfig } from "../read.ts";
import { isTable } from "../text/tables.ts";
import { ABOVE, comment, Draft, type DraftTable, type DraftValue, literal } from "./draft.ts";

/** What reads a file of `format`, which runs as it is, to convert it. Throws a `ConfigError`. */
export function converterOf(format: string): (path: string) => Draft {
  return (path) => {
    const { document, readAs } = readConfig({ file: path });
    if (readAs?.format !== format) {
      throw new ConfigError([{
        file: path,
        path: "",
        message: `is no config of ${format}; see docs/drop-in.md`,
      }]);
    }
    const draft = new Draft();
    comment(draft.data, ABOVE, `From ${path}, a config of ${format}. What is not as it was there:`);
    for (const line of readAs.differences) {
      comment(draft.data, ABOVE, `- ${line}`);
      draft.differ(line);
    }
    Object.assign(draft.data, toDraft(document.data, document.literal === true));
    return draft;
  };
}

/** Data as files write it; where `plain`, what looks like a variable is text. */
export function toDraft(value: unknown, plain: boolean): DraftValue {
  if (typeof value === "string") return plain ? literal(value) : value;
  if (Array.isArray(value)) return value.map((item) => toDraft(item, plain));
  if (!isTable(value)) return value as number | boolean;
  const table: DraftTable = {};
  for (const [key, item] of Object.entries(value)) table[key] = toDraft(item, plain);
  return table;
}
