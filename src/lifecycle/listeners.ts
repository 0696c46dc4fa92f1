import { type Log } from "../base/log.ts";
import type { BindAddress } from "../config/values/bind.ts";
import { distinctAddresses, listen, type ListenAddress, type Listener } from "../net/listen.ts";
import { OPEN_FILES } from "../net/open-files.ts";
import type { Entrance } from "../downstream/reception.ts";
import type { Clients } from "../downstream/clients.ts";
import { BindError } from "./bind-error.ts";
import type { FrontendReception } from "./serve.ts";
import type { Frontend } from "./snapshot.ts";

/** A bound socket and who serves its connections; a reload may give them to another frontend. */
interface Bound extends Entrance {
  readonly listener: Listener;
  reception: FrontendReception;
}

/** The listeners of all frontends. They are kept through a reload by their addresses. */
export class Listeners {
  readonly #clients: Clients;
  readonly #log: Log;
  #bound = new Map<string, Bound>();
  /** Ends the lines about files that are short. */
  #unlisten: (() => void) | undefined;

  constructor(clients: Clients, log: Log) {
    this.#clients = clients;
    this.#log = log;
  }

  /** In the order in which they were bound. */
  get all(): readonly Listener[] {
    return [...this.#bound.values()].map(({ listener }) => listener);
  }

  /**
   * Opens what `frontends` need and is not open yet, before anything is closed. Rejects, with everything as it was, when
   * an address cannot be bound. Resolves with what makes the change: until it is called nothing has changed.
   */
  async prepare(
    frontends: readonly Pick<Frontend, "config">[],
    receptionOf: (name: string) => FrontendReception,
  ): Promise<() => void> {
    const next = new Map<string, Bound>();
    const opened: Listener[] = [];
    const handOver: [Bound, FrontendReception][] = [];
    try {
      for (const { config: { name, bind } } of frontends) {
        const reception = receptionOf(name);
        for (const [i, address] of distinctAddresses(bind).entries()) {
          const key = keyOf(address, `${name} ${i}`);
          const old = this.#bound.get(key);
          if (old === undefined) opened.push(await this.#open(address, { key, name, reception, next }));
          else {
            handOver.push([old, reception]);
            next.set(key, old);
          }
        }
      }
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close()));
      throw error;
    }
    return () => {
      this.#unlisten ??= OPEN_FILES.onShortage((facts) => this.#log.error("out_of_files", facts));
      for (const [bound, reception] of handOver) bound.reception = reception;
      for (const [key, bound] of this.#bound) {
        if (next.has(key)) continue;
        void bound.listener.close();
        this.#clients.drainEntrance(bound);
      }
      this.#bound = next;
    };
  }

  /** Accepts nothing more. Resolves when the ports are free again. */
  async close(): Promise<void> {
    this.#unlisten?.();
    await Promise.all(this.all.map((listener) => listener.close()));
  }

  async #open(
    address: BindAddress,
    { key, name, reception, next }: {
      key: string;
      name: string;
      reception: FrontendReception;
      next: Map<string, Bound>;
    },
  ): Promise<Listener> {
    const bound: { reception: FrontendReception } = { reception: reception };
    const listener = await listen(
      address,
      (socket) => this.#clients.accept(socket, bound, address.kind === "unix"),
      (error) => {
        this.#log.error("accept_failed", { frontend: bound.reception.config.name, cause: error.message });
      },
    ).catch((error) => {
      throw new BindError(name, address, error);
    });
    next.set(key, Object.assign(bound, { listener }));
    this.#log.info("listening", { frontend: name, address: listener.address });
    return listener;
  }
}

/** What tells two addresses apart; each port 0 is a place of its own. */
function keyOf(address: ListenAddress, place: string): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${address.host} ${address.port === 0 ? place : address.port}`;
}
