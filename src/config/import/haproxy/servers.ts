import { comment, type Draft, type DraftTable, type Origin } from "../draft.ts";
import type { ProxySection } from "./proxy.ts";
import { haproxyDuration } from "./units.ts";

/** Rank of the first backup server; the default of others is 100. */
const BACKUP_PRIORITY = 200;

/** What takes no value, of what is known. */
const FLAGS = new Set([
  "check",
  "backup",
  "disabled",
  "enabled",
  "ssl",
  "check-ssl",
  "allow-0rtt",
  "no-check",
  "tfo",
  "non-stick",
]);

/** What changes nothing here. */
const NEEDLESS = new Set(
  `
  id minconn maxqueue pool-max-conn pool-purge-delay pool-low-conn resolvers init-addr resolve-prefer resolve-opts enabled
  no-check cookie inter fastinter downinter rise fall port weight maxconn backup check ssl verify ca-file sni disabled
  slowstart alpn ciphers ciphersuites ssl-min-ver ssl-max-ver no-sslv3 no-tls-tickets no-ssl-reuse tfo non-stick track
  check-ssl check-sni allow-0rtt namespace proto observe error-limit on-error on-marked-down on-marked-up npn
`.trim().split(/\s+/),
);

/** A server line with the words of `default-server` before it. */
interface ServerLine {
  readonly name: string;
  readonly address: string;
  readonly options: Options;
  readonly origin: Origin;
  /** How many servers a template stands for. */
  readonly template: boolean;
}

/** Words of a server line; of those with a value the last one counts. */
class Options {
  readonly #values = new Map<string, string>();

  constructor(words: readonly string[]) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if (FLAGS.has(word)) this.#values.set(word, "");
      else if (word.startsWith("no-")) this.#values.delete(word.slice(3));
      else this.#values.set(word, words[++i] ?? "");
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  get names(): string[] {
    return [...this.#values.keys()];
  }
}

/** The servers of a proxy. */
export function serverLines(proxy: ProxySection): ServerLine[] {
  const defaults = proxy.all("default-server").flatMap(({ words }) => words.slice(1));
  return [...proxy.all("server"), ...proxy.all("server-template")].map(({ words, origin }) => {
    const template = words[0] === "server-template";
    const [name = "", ...rest] = words.slice(1);
    const [address = "", ...own] = template ? rest.slice(1) : rest;
    return { name, address, options: new Options([...defaults, ...own]), origin, template };
  });
}

/** Puts the servers into `backend`, with what they say of all of them: probes, TLS, ranks. */
export function fillServers(backend: DraftTable, proxy: ProxySection, draft: Draft): void {
  const lines = serverLines(proxy);
  let backups = 0;
  const sharesBackups = proxy.hasOption("allbackups");
  const servers = lines.map((line) => {
    const server: DraftTable = { url: toUrl(line), ...serverKeys(line) };
    if (line.options.has("backup")) {
      // Without the option only the first backup server that is up gets requests.
      server["priority"] = BACKUP_PRIORITY + (sharesBackups ? 0 : backups);
      backups++;
    }
    fillRare(backend, line, draft);
    return Object.keys(server).length === 1 ? server["url"]! : server;
  });
  if (backups > 0) {
    const balance = proxy.find("balance");
    if (balance !== undefined && !/roundrobin|static-rr/.test(balance.words[1] ?? "")) {
      draft.lose(balance.origin, "servers of one rank take turns beside a backup server", backend, "balance");
    }
    backend["balance"] = "priority";
    delete backend["hash"];
  }
  fillTls(backend, lines, draft);
  backend["servers"] = servers;
}

function toUrl({ address, options, template }: ServerLine): string {
  const scheme = options.has("ssl") ? "https" : "http";
  const plain = address.replace(/^(?:ipv[46]|unix)@/, "");
  if (plain.startsWith("/")) return `unix:${plain}`;
  if (template && plain.startsWith("_")) return `${scheme}://${plain}`;
  const [, host = "", port] = /^(\[.*\]|[^:]*|.*:[^:]*)(?::(\d+))?$/.exec(plain) ?? [];
  return `${scheme}://${host}${port === undefined ? "" : `:${port}`}`;
}

function serverKeys({ address, options, template }: ServerLine): DraftTable {
  const keys: DraftTable = {};
  const number = (name: string) => options.get(name) === undefined ? undefined : Number(options.get(name));
  const weight = options.has("disabled") ? 0 : number("weight");
  if (weight !== undefined && weight !== 1) keys["weight"] = weight;
  if (number("maxconn")) keys["max_connections"] = number("maxconn");
  if (template) keys["resolve"] = address.startsWith("_") ? "srv" : "all";
  if (number("port") && options.has("check")) keys["health_check"] = { port: number("port") };
  return keys;
}

/** What is rare, and what we say of a backend in place of a server. */
function fillRare(backend: DraftTable, { name, options, origin }: ServerLine, draft: Draft): void {
  if (options.has("disabled")) comment(backend, "servers", `${name} is disabled: it has the weight 0`);
  const slow = haproxyDuration(
    /^\d+$/.test(options.get("slowstart") ?? "") ? `${options.get("slowstart")}ms` : options.get("slowstart"),
  );
  if (slow !== undefined) backend["slow_start"] = slow;
  for (const word of options.names) {
    if (NEEDLESS.has(word)) continue;
    const why = word.startsWith("send-proxy")
      ? "the PROXY protocol comes with a later version of Sluice"
      : word === "crt"
      ? "Sluice shows servers no certificate of its own"
      : "Sluice has nothing like it";
    draft.lose({ ...origin, text: `server ${name} … ${word}` }, why, backend, "servers");
  }
}

/** All servers of a backend are trusted alike. */
function fillTls(backend: DraftTable, lines: readonly ServerLine[], draft: Draft): void {
  const secure = lines.filter(({ options }) => options.has("ssl"));
  const tls: DraftTable = {};
  if (secure.some(({ options }) => options.get("verify") === "none")) tls["verify"] = false;
  const sni = /^str\((.*)\)$/.exec(secure[0]?.options.get("sni") ?? "")?.[1];
  if (sni !== undefined) tls["server_name"] = sni;
  const ca = secure.find(({ options }) => options.has("ca-file"));
  if (ca !== undefined && ca.options.get("ca-file") !== "@system-ca" && tls["verify"] !== false) {
    const path = JSON.stringify(ca.options.get("ca-file"));
    draft.lose(
      { ...ca.origin, text: `ca-file ${path}` },
      `to trust it: tls = { ca = ${path} }, read at load`,
      backend,
      "servers",
    );
  }
  if (Object.keys(tls).length > 0) backend["tls"] = tls;
}
