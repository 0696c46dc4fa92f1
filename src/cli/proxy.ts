import { toDraft } from "../config/import/convert-drop-in.ts";
import { ABOVE, comment, type DraftTable } from "../config/import/draft.ts";
import { writeToml } from "../config/import/write-toml.ts";
import { validateDocument } from "../config/load.ts";
import { formatPath, type Path } from "../config/text/positions.ts";
import { print } from "../net/stdout.ts";
import { COMMAND, configOfCommand, type ProxyCommand } from "./one-line.ts";
import { runConfig } from "./run.ts";

/**
 * Serves what a command line describes, without a file, or prints the config that it stands for. Resolves with the exit
 * code; throws a ConfigError that names the options.
 */
export async function proxy(command: ProxyCommand, main: string): Promise<number> {
  const document = configOfCommand(command);
  const config = validateDocument(document, COMMAND);
  if (command.print === true) {
    const draft = toDraft(document.data, true) as DraftTable;
    comment(draft, ABOVE, "What the command line stands for: sluice run -c FILE serves the same.");
    await print(writeToml(draft));
    return 0;
  }
  const located = {
    config,
    readAs: undefined,
    included: { files: [], patterns: [] },
    source: COMMAND,
    from: "command line",
    placeOf: (path: Path) => `${COMMAND}: ${formatPath(document.written!(path))}`,
  };
  const { logLevel } = command;
  return await runConfig(located, logLevel === undefined ? {} : { logLevel }, main);
}
