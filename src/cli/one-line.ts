import { type ReadDropIn, translate } from "../config/import/drop-in.ts";
import { Translation } from "../config/import/translation.ts";
import { ConfigError } from "../config/problems/error.ts";
import { readData } from "../config/text/data.ts";
import type { SourceDocument } from "../config/text/source.ts";
import { toBind, toPlace } from "./short-address.ts";

/** Options of `proxy`, as they are written. */
export interface ProxyCommand {
  readonly listen?: readonly string[];
  readonly to?: readonly string[];
  readonly health?: string;
  readonly sticky?: true;
  readonly balance?: string;
  readonly relay?: true;
  readonly admin?: string | true;
  readonly logLevel?: string;
  readonly print?: true;
}

/** What messages call the command line in place of a file. */
export const COMMAND = "sluice proxy";

const DEFAULT_LISTEN = ":8080";
const DEFAULT_ADMIN = "127.0.0.1:9090";

/** Options of a reverse proxy that a relay has no use for. */
const NOT_FOR_RELAYS = ["health", "sticky"] as const;

/** The config that a command line stands for; its problems are named by the options. Throws a `ConfigError`. */
export function configOfCommand(command: ProxyCommand): SourceDocument {
  const { to = [], relay } = command;
  if (to.length === 0 && relay !== true) {
    throw refuse("--to", "is missing; accepted: one or more servers, or --relay");
  }
  for (const name of NOT_FOR_RELAYS) {
    if (relay === true && command[name] !== undefined) {
      throw refuse(`--${name}`, "is for servers that answer themselves; accepted: without --relay");
    }
  }
  if (relay === true && to.length === 0 && command.balance !== undefined) {
    throw refuse("--balance", "has nothing to choose from; accepted: with --to");
  }
  const read: ReadDropIn = translate(readData({ ...command }), {
    name: COMMAND,
    read: () => ({ translation: toConfig(command) }),
  });
  if ("issues" in read) throw new Error("There are no issues: every option is a text");
  return { ...read.document, literal: true };
}

function toConfig(
  { listen = [DEFAULT_LISTEN], to = [], health, sticky, balance, relay, admin }: ProxyCommand,
) {
  const config = new Translation();
  const name = relay === true ? "relay" : "web";
  config.set(["frontends", 0, "name"], name);
  if (relay === true) config.set(["frontends", 0, "mode"], "relay", ["--relay"]);
  if (listen.length === 1) config.set(["frontends", 0, "bind"], toBind(listen[0]!), ["--listen"]);
  else listen.forEach((bind, i) => config.set(["frontends", 0, "bind", i], toBind(bind), ["--listen"]));
  if (to.length > 0) {
    const backend = ["backends", relay === true ? "parents" : "app"];
    config.set(["frontends", 0, "default_backend"], backend[1], ["--to"]);
    if (relay === true) config.set([...backend, "protocol"], "proxy", ["--relay"]);
    if (balance !== undefined) config.set([...backend, "balance"], balance, ["--balance"]);
    if (sticky === true) config.set([...backend, "sticky"], {}, ["--sticky"]);
    if (health !== undefined) config.set([...backend, "health_check", "path"], health, ["--health"]);
    to.forEach((server, i) => config.set([...backend, "servers", i], toServer(server), ["--to"]));
  }
  if (admin !== undefined) {
    config.set(["admin", "bind"], admin === true ? DEFAULT_ADMIN : toBind(admin), ["--admin"]);
  }
  return config;
}

function toServer(server: string): string {
  const place = toPlace(server);
  return /^(?:[a-z]+:\/\/|unix:)/i.test(place) ? place : `http://${place}`;
}

function refuse(option: string, message: string): ConfigError {
  return new ConfigError([{ file: COMMAND, path: option, message }]);
}
