import { isIP } from "node:net";
import { ProxyError } from "../base/errors.ts";
import { Backend, type BackendParts } from "../backend/backend.ts";
import type { BackendConfig } from "../config/sections/backend.ts";
import { parseServerUrl } from "../config/sections/server.ts";

/** Origins that are remembered, with their unused connections and what their names stand for. */
const MAX_ORIGINS = 1024;

/** Where requests go that need no parent: each origin is a backend of one server, made when it is first asked for. */
export class Origins {
  /** What all of them have in common. Its one server is the pattern of theirs. */
  readonly #pattern: BackendConfig;
  readonly #parts: Omit<BackendParts, "before">;
  /** By URL; the one that was used last comes last. */
  readonly #backends = new Map<string, Backend>();

  constructor(pattern: BackendConfig, parts: Omit<BackendParts, "before">) {
    this.#pattern = pattern;
    this.#parts = parts;
  }

  /** The origin of `authority`. Throws a ProxyError, `bad_request`, for one that is none. */
  of(scheme: "http" | "https", authority: string): Backend {
    const url = `${scheme}://${authority}`;
    const backend = this.#backends.get(url) ?? this.#create(url);
    this.#backends.delete(url);
    this.#backends.set(url, backend);
    return backend;
  }

  /** One that is not remembered, to see what it would be; it has to be closed. */
  sample(scheme: "http" | "https", authority: string): Backend {
    return this.#build(`${scheme}://${authority}`);
  }

  /** Lets go of all connections, each once it is unused. */
  close(): void {
    for (const backend of this.#backends.values()) backend.close();
    this.#backends.clear();
  }

  #create(url: string): Backend {
    for (const [oldest, backend] of this.#backends) {
      if (this.#backends.size < MAX_ORIGINS) break;
      backend.close();
      this.#backends.delete(oldest);
    }
    return this.#build(url);
  }

  #build(url: string): Backend {
    try {
      const address = parseServerUrl(url);
      // `localhost` is looked up as well: what is dialled must be what was checked.
      const name = isIP(address.host) === 0 ? address.host : undefined;
      const server = { ...this.#pattern.servers[0]!, ...address, name };
      return new Backend({ ...this.#pattern, servers: [server] }, this.#parts);
    } catch (error) {
      if (error instanceof RangeError) {
        throw new ProxyError("bad_request", `The target is no address: ${url}`);
      }
      throw error;
    }
  }
}
