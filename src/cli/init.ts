import { existsSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { parseConfig } from "../config/load.ts";
import { ConfigError } from "../config/problems/error.ts";
import { print } from "../net/stdout.ts";
import { toBind, toPlace } from "./short-address.ts";
import { type StarterAnswers, starterConfig } from "./starter.ts";

/** Options of `init`. */
export interface InitCommand {
  readonly listen?: string;
  readonly to?: readonly string[];
  readonly health?: string;
  readonly force?: true;
}

/** Asks a person; an empty answer is what stands in brackets. */
type Ask = (question: string) => Promise<string>;

const DEFAULTS: StarterAnswers = { listen: ":8080", servers: ["http://localhost:5000"], health: "-" };

/**
 * Writes a config to start from to `file`: from the options, and on a terminal from answers to what they leave open.
 * Resolves with the exit code. Throws a ConfigError for a file that is there, and for answers that make no config.
 */
export async function init(file: string, command: InitCommand): Promise<number> {
  if (extname(file) !== ".toml") {
    const message = `has the extension "${extname(file)}", and TOML is written; accepted: a name with .toml`;
    throw new ConfigError([{ file, path: "", message }]);
  }
  if (existsSync(file) && command.force !== true) {
    throw new ConfigError([{
      file,
      path: "",
      message: "is there already; accepted: another name, or --force",
    }]);
  }
  const answers = await askFor(command);
  const text = starterConfig(answers);
  parseConfig(text, { file, format: "toml" }); // what was answered may be no address
  try {
    writeFileSync(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([{ file, path: "", message: `cannot be written: ${code}` }], { cause: error });
  }
  await print(`${file} is written. Serve it:  sluice run -c ${file}\n`);
  return 0;
}

async function askFor(command: InitCommand): Promise<StarterAnswers> {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) {
    if (command.to === undefined) {
      const message = "is missing; accepted: one or more servers, or a terminal to be asked on";
      throw new ConfigError([{ file: "sluice init", path: "--to", message }]);
    }
    return await answersOf(command, () => Promise.resolve(""));
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await answersOf(command, (question) => terminal.question(question));
  } finally {
    terminal.close();
  }
}

/** The three answers: what the options say, what `ask` finds out, and else the defaults. */
export async function answersOf({ listen, to, health }: InitCommand, ask: Ask): Promise<StarterAnswers> {
  const answer = async (question: string, fallback: string) =>
    (await ask(`${question} [${fallback}] `)).trim() || fallback;
  const address = listen ?? await answer("Address to listen on?", DEFAULTS.listen);
  const servers = to ??
    (await answer("Servers, with commas between them?", DEFAULTS.servers.join(","))).split(",")
      .map((server) => server.trim()).filter((server) => server !== "");
  const path = health ??
    await answer("Path of their health check, such as /health; - for none?", DEFAULTS.health);
  return { listen: toBind(address), servers: servers.map(toPlace), health: path === "-" ? "" : path };
}
