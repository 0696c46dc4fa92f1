import process from "node:process";
import { Argument, Command, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { ConfigError } from "../config/problems/error.ts";
import { runtimeVersion } from "../net/gaps.ts";
import { print } from "../net/stdout.ts";
import { check } from "./check.ts";
import { FOREIGN_FORMATS } from "../config/import/formats.ts";
import { convert, type ConvertCommand } from "./convert.ts";
import type { AdminOptions } from "./admin-client.ts";
import { ctl, CTL_ACTIONS, CTL_USAGE, type CtlOptions } from "./ctl.ts";
import { completionScript, type Shell, SHELLS } from "./completion.ts";
import { demo } from "./demo.ts";
import { EXAMPLES } from "./examples.ts";
import { withExcerpts } from "./excerpt.ts";
import { init, type InitCommand } from "./init.ts";
import { hasColours } from "./log-style.ts";
import type { ProxyCommand } from "./one-line.ts";
import { proxy } from "./proxy.ts";
import { explain, type ExplainCommand } from "./explain.ts";
import { printPasswordHash } from "./hash-password.ts";
import { replay, type ReplayCommand } from "./replay.ts";
import { run, type RunOptions } from "./run.ts";
import { printSchema } from "./schema.ts";
import { top } from "./top.ts";

const CONFIG_HELP =
  "the config: .toml, .yaml or .json; default: $SLUICE_CONFIG, or sluice.toml and the like in this directory";

const ADMIN_HELP = "http://host:port or unix:/path; default: that of --config, else 127.0.0.1:9090";
const TOKEN_HELP = "what the proxy wants to be shown; better in SLUICE_ADMIN_TOKEN, as others see this";
const ADMIN_CONFIG_HELP = "the config of the proxy: its [admin] section says address and token";

/** What wrong use of `convert` ends with, as 1 says that a file cannot be read. */
const WRONG_USE = 2;

/**
 * Runs the command line `args` (without program and script) and resolves with the exit code, or never ends. `main` is the
 * address of the main module, which threads run as well.
 */
export async function runProgram(args: readonly string[], main: string): Promise<number> {
  const program = new Command("sluice")
    .description("HTTP load balancer and reverse proxy")
    .version(`sluice ${packageJson.version} (${runtimeVersion()})`, "-V, --version")
    .exitOverride();
  let code = 0;
  program.command("run")
    .description("serve what the config describes, until SIGTERM or SIGINT (the default command)")
    .option("-c, --config <file>", CONFIG_HELP)
    .option("-l, --log-level <level>", "debug, info, warn or error; before LOG_LEVEL and the config")
    .option("-t, --check", "the same as the command check")
    .action(async (options: RunOptions & { check?: true }) => {
      if (options.check === true) await check(options.config);
      else code = await run(options, main);
    });
  program.command("proxy")
    .description("serve what the options say, without a file, until SIGTERM or SIGINT")
    .option(
      "--listen <address>",
      "host:port, :port for all addresses, unix:/path; may come again; default: :8080",
      collect,
    )
    .option("--to <server>", "host:port or a URL, http:// where it has no scheme; may come again", collect)
    .option("--health <path>", "probe the servers at this path")
    .option("--sticky", "keep clients with their server, by a cookie")
    .option("--balance <policy>", "how requests are spread, such as leastconn; default: roundrobin")
    .option("--relay", "be a forward proxy, through the servers of --to, or straight without them")
    .option("--admin [address]", "dashboard, metrics and commands; default: 127.0.0.1:9090")
    .option("-l, --log-level <level>", "debug, info, warn or error")
    .option("--print", "print the config that this stands for, and serve nothing")
    .action(async (options: ProxyCommand) => void (code = await proxy(options, main)));
  program.command("init")
    .description("write a config to start from, with comments; asks for what the options leave open")
    .argument("[file]", "its name", "sluice.toml")
    .option("--listen <address>", "address to listen on; default: :8080")
    .option("--to <server>", "a server; may come again", collect)
    .option("--health <path>", "probe the servers at this path")
    .option("--force", "replace a file that is there")
    .action(async (file: string, options: InitCommand) => void (code = await init(file, options)));
  program.command("check")
    .description("say whether the config is valid and what it describes; opens nothing")
    .option("-c, --config <file>", CONFIG_HELP)
    .action(({ config }: { config?: string }) => check(config));
  const converting = program.command("convert")
    .description("print the config of another program as one of ours; what changed is said on standard error")
    .argument("<file>", "the config: nginx.conf, haproxy.cfg, Caddyfile, …; what it includes is read as well")
    .addOption(
      new Option("--from <format>", "whose it is; default: told by its name, or its text").choices(
        Object.keys(FOREIGN_FORMATS),
      ),
    )
    .addOption(new Option("--to <format>", "how it is written").choices(["toml", "yaml"]).default("toml"))
    .addHelpText(
      "after",
      "\nExit code: 0 all is converted, 3 what is not stands in comments, 1 a file that cannot be read, 2 wrong use",
    )
    .action(async (file: string, options: ConvertCommand) => void (code = await convert(file, options)));
  program.command("explain")
    .description("say what would become of a request, and why; sends nothing")
    .argument("<method>", "GET, POST, CONNECT, …")
    .argument("<url>", "its address; in CONNECT host:port")
    .option("-c, --config <file>", CONFIG_HELP)
    .option("-H, --header <line>", "a header, 'Name: value'; may come again", collect)
    .option("--from <address>", "address of the client, or unix; default: 127.0.0.1")
    .option("--frontend <name>", "the frontend that gets it; default: by the port of the URL")
    .option("--admin <url>", "ask the proxy that runs, by its admin listener, in place of a config")
    .option("--json", "for programs")
    .action(async (method: string, url: string, options: ExplainCommand) =>
      void (code = await explain(method, url, options))
    );
  program.command("replay")
    .description("say which requests of an access log another config would treat otherwise; sends nothing")
    .argument(
      "<log>",
      "our own (JSON), of nginx, Caddy or HAProxy, perhaps packed by gzip; - is standard input",
    )
    .requiredOption("--against <file>", "the new config")
    .option("--with <file>", "the config before; default: what the log says became of the requests")
    .option("--format <name>", "sluice, combined, caddy or haproxy; default: told by the first lines")
    .option(
      "--frontend <name>",
      "the frontend that gets them; default: the one that the log names, or the only one",
    )
    .option("--host <name>", "the host that was asked, for logs that do not say it")
    .option("--json", "for programs")
    .addHelpText(
      "after",
      "\nExit code: 0 no difference, 3 differences, 1 wrong use or a log that cannot be read",
    )
    .action(async (log: string, options: ReplayCommand) => void (code = await replay(log, options)));
  program.command("top")
    .description("show what a running proxy does, until q; once where the output is no terminal")
    .option("--admin <address>", ADMIN_HELP)
    .option("--token <token>", TOKEN_HELP)
    .option("-c, --config <file>", ADMIN_CONFIG_HELP)
    .action(async (options: AdminOptions) => void (code = await top(options)));
  program.command("ctl")
    .description("ask a running proxy for something, over its admin listener")
    .argument("<action>", "what to ask for, see below")
    .argument("[words...]", "what the action is about")
    .option("--admin <address>", ADMIN_HELP)
    .option("--token <token>", TOKEN_HELP)
    .option("-c, --config <file>", ADMIN_CONFIG_HELP)
    .option("--ttl <duration>", "after which the config's value returns, such as 10m")
    .option("--dry-run", "of a reload: say what it would change")
    .option("--limit <number>", "of errors: how many; default: 20")
    .option("--json", "print the answer as it came")
    .addHelpText("after", `\nActions:\n  ${CTL_USAGE}`)
    .action(async (action: string, words: string[], options: CtlOptions) => {
      code = await ctl(action, words, options);
    });
  program.command("demo")
    .description("serve config.example.toml in front of three demo servers")
    .action(async () => void (code = await demo()));
  program.command("hash-password")
    .description("print the hash of a password, for the users of a relay; reads it from standard input")
    .action(async () => void (code = await printPasswordHash()));
  program.command("schema")
    .description("print the JSON Schema of the config, with which editors complete and check it")
    .action(printSchema);
  program.command("completion")
    .description("print a script that completes the command line in a shell")
    .addArgument(new Argument("<shell>", "yours").choices(SHELLS))
    .action(async (shell: Shell) => await print(completionScript(shell, program, CTL_ACTIONS)));
  for (const command of program.commands) {
    command.exitOverride();
    const examples = EXAMPLES[command.name()] ?? [];
    command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  ${line}\n`).join("")}`);
  }
  converting.exitOverride((error) => {
    throw error.exitCode === 0 ? error : new CommanderError(WRONG_USE, error.code, error.message);
  });
  try {
    await program.parseAsync(withCommand(args), { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof ConfigError)) throw error;
    const isTerminal = process.stderr.isTTY === true;
    const message = isTerminal ? withExcerpts(error.problems, { colours: hasColours() }) : error.message;
    await print(message + "\n", "stderr");
    return 1;
  }
}

/** For an option that may come again. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Options alone are those of `run`. */
function withCommand(args: readonly string[]): string[] {
  const [first] = args;
  const isRun = first === undefined || (first.startsWith("-") && !/^(?:-h|--help|-V|--version)$/.test(first));
  return isRun ? ["run", ...args] : [...args];
}
