import { sideOf } from "../base/errors.ts";
import { copyOf } from "../http/copied-text.ts";
import { pathOf } from "../http/path.ts";
import type { Exchange } from "../message/exchange.ts";

/** Requests that are kept. */
const MAX_ERRORS = 256;
/** Characters of one text that are kept. */
const MAX_TEXT = 512;

/** A request that failed by the making of the proxy or a server. */
export interface RecentError {
  /** When it was over, as ISO 8601. */
  readonly at: string;
  readonly requestId: string;
  readonly frontend: string;
  readonly backend: string | undefined;
  readonly server: string | undefined;
  readonly method: string;
  readonly host: string;
  /** Without its query, which may hold what is secret. */
  readonly path: string;
  readonly status: number;
  /** Why it failed, as in the log; `ok` where the server itself answered 500 or above. */
  readonly reason: string;
  readonly detail: string | undefined;
  readonly elapsedMs: number;
}

/** The last requests that failed, of all frontends: only these cost anything. */
export class RecentErrors {
  readonly #errors: RecentError[] = [];
  #next = 0;

  /** Takes note of an exchange that is over at `now`, on the clock of `performance.now()`, where it failed. */
  note(exchange: Exchange, frontend: string, now: number): void {
    const { status, reason } = exchange;
    if (reason === "ok" ? status < 500 : sideOf(reason) === "downstream" || (status >= 400 && status < 500)) {
      return;
    }
    this.#errors[this.#next] = {
      at: new Date().toISOString(),
      requestId: keep(exchange.requestId),
      frontend,
      backend: exchange.backend,
      server: exchange.server,
      method: keep(exchange.method),
      host: keep(exchange.authority),
      path: keep(pathOf(exchange.target)),
      status,
      reason,
      detail: exchange.detail === undefined ? undefined : keep(exchange.detail),
      elapsedMs: Math.round((now - exchange.startedAt) * 10) / 10,
    };
    this.#next = (this.#next + 1) % MAX_ERRORS;
  }

  /** The newest first. */
  list(): readonly RecentError[] {
    return [...this.#errors.slice(this.#next), ...this.#errors.slice(0, this.#next)].reverse();
  }
}

function keep(text: string): string {
  return copyOf(text.slice(0, MAX_TEXT));
}
