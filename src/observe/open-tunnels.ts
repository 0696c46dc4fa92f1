import type { OpenTunnel, TunnelKind } from "../message/tunnel.ts";
import type { Exposition } from "./exposition.ts";

/** The tunnels of one frontend by their kinds: those that are open, and how many there were. */
export class OpenTunnels {
  readonly #kinds: Readonly<Record<TunnelKind, { readonly open: Set<OpenTunnel>; opened: number }>> = {
    connect: { open: new Set(), opened: 0 },
    websocket: { open: new Set(), opened: 0 },
    other: { open: new Set(), opened: 0 },
  };

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

  /** Adds the counts to `page`. Returns the bytes that went through those that are open, which nobody else has counted yet. */
  collect(page: Exposition, frontend: string): { readonly fromClients: number; readonly toClients: number } {
    let fromClients = 0;
    let toClients = 0;
    for (const [kind, { open, opened }] of Object.entries(this.#kinds)) {
      page.add("sluice_tunnels", { frontend, kind }, open.size);
      page.add("sluice_tunnels_total", { frontend, kind }, opened);
      for (const { bytes } of open) {
        fromClients += bytes.fromClient;
        toClients += bytes.toClient;
      }
    }
    return { fromClients, toClients };
  }
}
