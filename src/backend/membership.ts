import type { Log } from "../base/log.ts";
import type { BackendConfig } from "../config/sections/backend.ts";
import type { ServerConfig } from "../config/sections/server.ts";
import type { Endpoint, NameResolver } from "../net/resolver.ts";
import { NameWatch } from "./name-watch.ts";

/** One server as far as names are concerned. */
export interface Member {
  readonly config: ServerConfig;
  /** The addresses to connect to; undefined where the config has the address. */
  readonly endpoints: (() => Promise<readonly Endpoint[]>) | undefined;
}

export interface MembershipParts {
  readonly resolver: NameResolver;
  readonly log: Log;
  /** Those of the same backend in the config before: what its names stood for. */
  readonly before: Membership | undefined;
  /** A name stands for more, fewer or other servers than before. */
  readonly onChange: () => void;
  /** The server of this URL has other addresses than before. */
  readonly onMoved: (url: string, addresses: ReadonlySet<string>) => void;
}

/** The most that a weight may be: what config accepts. */
const MAX_WEIGHT = 1000;

/** Which servers the config of a backend stands for: its names may stand for several, and for others over time. */
export class Membership {
  readonly #config: BackendConfig;
  readonly #watches = new Map<string, NameWatch>();
  #endStart = () => {};

  constructor(config: BackendConfig, parts: MembershipParts) {
    this.#config = config;
    for (const server of config.servers) {
      if (server.name === undefined) continue;
      this.#watches.set(server.url, watch(server, config.name, server.name, parts));
    }
  }

  /** The servers at this moment, each once. */
  get members(): readonly Member[] {
    const members = this.#config.servers.flatMap((config): readonly Member[] => {
      const watch = this.#watches.get(config.url);
      if (watch === undefined) return [{ config, endpoints: undefined }];
      if (config.resolve === "one") return [{ config, endpoints: () => watch.current() }];
      return expand(config, watch.endpoints);
    });
    return [...new Map(members.map((member) => [member.config.url, member])).values()];
  }

  /**
   * Begins to watch the names. Resolves when each of which nothing is known yet has been asked for once, or after `ms`;
   * never rejects.
   */
  async start(ms: number): Promise<void> {
    const unknown = [...this.#watches.values()].filter(({ endpoints }) => endpoints.length === 0);
    const started = new Map([...this.#watches.values()].map((watch) => [watch, watch.start()]));
    if (unknown.length === 0) return;
    let timer;
    await Promise.race([
      Promise.all(unknown.map((watch) => started.get(watch))),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
        this.#endStart = resolve;
      }),
    ]);
    clearTimeout(timer);
  }

  /** What the name of the server with this URL stood for last. */
  lastKnown(url: string): readonly Endpoint[] {
    return this.#watches.get(url)?.endpoints ?? [];
  }

  /** Asks no more. */
  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#endStart();
  }
}

function watch(server: ServerConfig, backend: string, name: string, parts: MembershipParts): NameWatch {
  const { resolver, log, before, onChange, onMoved } = parts;
  const ask = () => server.resolve === "srv" ? resolver.service(name) : resolver.addresses(name);
  return new NameWatch(ask, {
    onMoved(endpoints) {
      log.info("name_resolved", { backend, name, addresses: describe(endpoints) });
      if (server.resolve === "one") onMoved(server.url, new Set(endpoints.map(({ address }) => address)));
      else onChange();
    },
    onUnresolved: (error) => log.warn("name_not_resolved", { backend, name, cause: error.message }),
  }, before?.lastKnown(server.url));
}

/** Addresses that one line of the log names. */
const MAX_SHOWN = 16;

function describe(endpoints: readonly Endpoint[]): string {
  const shown = endpoints.slice(0, MAX_SHOWN).map(({ address, service }) =>
    service === undefined ? address : `${address} port ${service.port}`
  );
  const left = endpoints.length - shown.length;
  return shown.join(", ") + (left > 0 ? ` and ${left} more` : "");
}

/** A server for every address that a name stands for. It keeps the name for Host, SNI and certificate. */
function expand(config: ServerConfig, endpoints: readonly Endpoint[]): readonly Member[] {
  const heaviest = Math.max(...endpoints.map(({ service }) => service?.weight ?? 0));
  return endpoints.map((endpoint) => {
    const { address, service } = endpoint;
    const port = service?.port ?? config.port;
    const { origin } = toUrl(config, endpoint.family === 6 ? `[${address}]` : address, port);
    const shown = { ...config, url: `${origin}${config.basePath}`, port };
    return {
      config: service === undefined ? shown : {
        ...shown,
        host: service.name,
        authority: toUrl(config, service.name, port).host,
        priority: service.priority,
        weight: toWeight(service.weight, heaviest),
      },
      endpoints: () => Promise.resolve([endpoint]),
    };
  });
}

function toUrl({ tls }: ServerConfig, host: string, port: number): URL {
  return new URL(`${tls ? "https" : "http"}://${host}:${port}`);
}

/** A weight of an SRV record, 0 to 65535, as ours; 0 is "a very small chance" there (RFC 2782), not none. */
function toWeight(weight: number, heaviest: number): number {
  return Math.max(1, heaviest > MAX_WEIGHT ? Math.round(weight * MAX_WEIGHT / heaviest) : weight);
}
