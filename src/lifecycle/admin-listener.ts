import { isDeepStrictEqual } from "node:util";
import type { Log } from "../base/log.ts";
import type { AdminConfig } from "../config/sections/admin.ts";
import { Clients } from "../downstream/clients.ts";
import type { Reception } from "../downstream/reception.ts";
import { listen, type Listener } from "../net/listen.ts";
import { BindError } from "./bind-error.ts";

/** Connections that the listener holds at a time. It is for few. */
const MAX_CONNECTIONS = 64;
/** Time that operators' connections get at a stop, in ms: their answers are short. */
const DRAIN_MS = 1000;
/** For a request that is on its way: operators' are repeated. */
const GRACE_MS = 20;

/** A bound socket, and the entrance that its connections have come in at. */
interface Bound {
  readonly listener: Listener;
  readonly entrance: { reception: Reception };
}

/** The listener for operators: none, or one that a reload may move. */
export class AdminListener {
  #reception: Reception;
  readonly #log: Log;
  readonly #clients = new Clients({
    maxConnections: MAX_CONNECTIONS,
    graceMs: GRACE_MS,
    usesReserve: true,
  });
  #config: AdminConfig | undefined;
  #bound: Bound | undefined;

  constructor(reception: Reception, log: Log) {
    this.#reception = reception;
    this.#log = log;
  }

  get listener(): Listener | undefined {
    return this.#bound?.listener;
  }

  /**
   * Opens what `config` asks for unless it is open. Rejects, with everything as it was, when it cannot be bound. Resolves
   * with what makes the change: until it is called the old one stays.
   */
  async prepare(config: AdminConfig | undefined): Promise<{ commit(): void; undo(): Promise<void> }> {
    if (isDeepStrictEqual(config?.bind, this.#config?.bind)) return { commit() {}, async undo() {} };
    const next = config && await this.#open(config);
    return {
      commit: () => {
        void this.#shut(this.#bound);
        this.#bound = next;
        this.#config = config;
      },
      undo: () => this.#shut(next),
    };
  }

  /** Has `reception` serve every request from now on. */
  serveBy(reception: Reception): void {
    this.#reception = reception;
    if (this.#bound !== undefined) this.#bound.entrance.reception = reception;
  }

  /** Accepts nothing more. */
  async close(): Promise<void> {
    await this.#bound?.listener.close();
  }

  /** Lets operators' requests end, and closes their connections. */
  async drain(): Promise<void> {
    await this.#clients.drain(DRAIN_MS);
  }

  async #shut(bound: Bound | undefined): Promise<void> {
    if (bound === undefined) return;
    this.#clients.drainEntrance(bound.entrance);
    await bound.listener.close();
  }

  async #open({ bind }: AdminConfig): Promise<Bound> {
    const entrance = { reception: this.#reception };
    const listener = await listen(
      bind,
      (socket) => this.#clients.accept(socket, entrance, bind.kind === "unix"),
      (error) => this.#log.error("accept_failed", { frontend: "admin", cause: error.message }),
    ).catch((error) => {
      throw new BindError(undefined, bind, error);
    });
    this.#log.info("listening", { frontend: "admin", address: listener.address });
    return { listener, entrance };
  }
}
