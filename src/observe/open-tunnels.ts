import type { OpenTunnel, TunnelKind } from "../message/tunnel.ts";
import type { BodyBytes } from "../message/exchange.ts";
import type { Exposition } from "./exposition.ts";

/** The tunnels of one frontend by their kinds: those that are open, and how many there were. */
export class OpenTunnels {
  readonly #kinds: Readonly<Record<TunnelKind, { readonly open: Set<OpenTunnel>; opened: number }>> = {
    connect: { open: new Set(), opened: 0 },
    websocket: { open: new Set(), opened: 0 },
    other: { open: new Set(), opened: 0 },
  };

  /** `earlier` were those of a frontend that is gone: only what was opened is known of it from then on. */
  constructor(earlier?: OpenTunnels) {
    if (earlier === undefined) return;
    for (const kind of ["connect", "websocket", "other"] as const) {
      this.#kinds[kind].opened = earlier.#kinds[kind].opened;
    }
  }

  /** One was opened. */
  add(tunnel: OpenTunnel, kind: TunnelKind): void {
    const its = this.#kinds[kind];
    its.open.add(tunnel);
    its.opened++;
  }

  /** One is over. */
  delete(tunnel: OpenTunnel, kind: TunnelKind): void {
    this.#kinds[kind].open.delete(tunnel);
  }

  /** Bytes that went through those that are open, which nobody else has counted yet. */
  get bytes(): BodyBytes {
    let bytesIn = 0;
    let bytesOut = 0;
    for (const { open } of Object.values(this.#kinds)) {
      for (const { bytes } of open) {
        bytesIn += bytes.fromClient;
        bytesOut += bytes.toClient;
      }
    }
    return { bytesIn, bytesOut };
  }

  /** Adds the counts to `page`. */
  collect(page: Exposition, frontend: string): void {
    for (const [kind, { open, opened }] of Object.entries(this.#kinds)) {
      page.add("sluice_tunnels", { frontend, kind }, open.size);
      page.add("sluice_opened_tunnels_total", { frontend, kind }, opened);
    }
  }
}
