import type { ProxyError, ProxyErrorKind } from "../base/errors.ts";
import type { Peer } from "../message/exchange.ts";
import type { Phase } from "./phase.ts";
import type { Entrance } from "./reception.ts";
import type { Tunnelled } from "./tunnelled.ts";

/** A client's connection, as whoever counts and drains them sees it, whether it is served or rests. */
export interface ClientConnection {
  readonly peer: Peer;
  /** Where it came in. */
  readonly entrance: Entrance;
  /** What its last exchange became, if that owns the socket. */
  readonly tunnelled: Tunnelled | undefined;
  /** Where it stands; `idle` also while it rests. */
  readonly phase: Phase;
  /** Whether there is something that an end would cut. */
  readonly busy: boolean;
  /** Closes after the current exchange; where there is none, after the next, or with `idleToo` at once. */
  drain(idleToo: boolean): void;
  /** Gives up the request that has no answer yet, and answers it with `error`. False where there is none. */
  refuse(error: ProxyError): boolean;
  /** Cuts it now. */
  destroy(kind: ProxyErrorKind, message: string): void;
}
