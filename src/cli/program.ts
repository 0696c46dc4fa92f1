import process from "node:process";
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { ConfigError } from "../config/error.ts";
import { runtimeVersion } from "../net/gaps.ts";
import { check } from "./check.ts";
import { demo } from "./demo.ts";
import { run } from "./run.ts";

/** Runs the command line `args` (without program and script) and resolves with the exit code, or never ends. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const program = new Command("sluice")
    .description("HTTP load balancer and reverse proxy")
    .version(`sluice ${packageJson.version} (${runtimeVersion()})`, "-V, --version")
    .exitOverride();
  let code = 0;
  program.command("run")
    .description("serve what the config describes, until SIGTERM or SIGINT")
    .requiredOption("-c, --config <file>", "the config: .toml, .yaml or .json")
    .action(async ({ config }: { config: string }) => void (code = await run(config)));
  program.command("check")
    .description("say whether the config is valid and what it describes; opens nothing")
    .requiredOption("-c, --config <file>", "the config: .toml, .yaml or .json")
    .action(({ config }: { config: string }) => check(config));
  program.command("demo")
    .description("serve config.example.toml in front of three demo servers")
    .action(async () => void (code = await demo()));
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(error.message + "\n");
    return 1;
  }
}
