import { lstatSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ACCEPT_ENDS_WITHOUT_FILES, IPV6_WILDCARD_TAKES_IPV4 } from "./gaps.ts";
import { OPEN_FILES } from "./open-files.ts";
import { limitReadAhead } from "./read-ahead.ts";

/**
 * Connections that the kernel holds for us until they are accepted: where all are accepted at once, no more than there
 * are files for which nobody was asked.
 */
const BACKLOG = ACCEPT_ENDS_WITHOUT_FILES ? OPEN_FILES.shares.waiting : 1024;
/** Time that a forgotten unix socket file gets to answer before it is taken to be dead. */
const STALE_PROBE_MS = 500;

/** Where to listen. `host` "" is every address of both families. */
export type ListenAddress = { readonly kind: "tcp"; readonly host: string; readonly port: number } | {
  readonly kind: "unix";
  readonly path: string;
};

/** One bound socket. */
export interface Listener {
  /** Where it listens, with the real port: `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/x.sock`. */
  readonly address: string;
  readonly port: number;
  /** Accepts nothing more; connections that are open stay open. Resolves when the port is free again. */
  close(): Promise<void>;
}

/**
 * Binds `address` and hands over every accepted socket: half-open sockets allowed, Nagle's delay off.
 * Errors of accepting never end the listener; they go to `onError`. Rejects when the address cannot be bound.
 */
export async function listen(
  address: ListenAddress,
  onSocket: (socket: Socket) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  if (address.kind === "unix") await removeStale(address.path);
  const create = () =>
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      OPEN_FILES.add(socket);
      limitReadAhead(socket);
      onSocket(socket);
    });
  let server = create();
  await bind(server, address);
  server.on("error", onError);
  let closed = false;
  let failed = false;
  /** Binds a unix socket anew: its file leads to the new one from then on. */
  const rebind = async (path: string) => {
    server.close();
    rmSync(path, { force: true });
    server = create();
    failed = false;
    try {
      await bind(server, address);
    } catch (error) {
      failed = true; // and is tried again
      return onError(error as Error);
    }
    server.on("error", onError);
    if (closed) server.close();
  };
  const unwatch = OPEN_FILES.watch((cameBack) => {
    if (!ACCEPT_ENDS_WITHOUT_FILES) return;
    if (address.kind === "tcp") goOnAccepting(server);
    else if (cameBack || failed) void rebind(address.path);
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    address: address.kind === "unix" ? `unix:${address.path}` : `${printable(address.host)}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        closed = true;
        unwatch();
        if (address.kind === "unix") rmSync(address.path, { force: true });
        server.close(() => resolve());
      }),
  };
}

/** The addresses that need a socket of their own on this runtime, and in which order to bind them. */
export function distinctAddresses<A extends ListenAddress>(addresses: readonly A[]): A[] {
  if (!IPV6_WILDCARD_TAKES_IPV4) return [...addresses];
  const covered = (address: A) =>
    address.kind === "tcp" && address.host === "0.0.0.0" && address.port !== 0 &&
    addresses.some((other) => other.kind === "tcp" && other.host === "::" && other.port === address.port);
  return addresses.filter((address) => !covered(address));
}

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const bound = () => {
      server.off("error", reject);
      resolve();
    };
    if (address.kind === "unix") server.listen({ path: address.path, backlog: BACKLOG }, bound);
    else {
      const { host, port } = address;
      const everywhere = host === "" ? {} : { host, ipv6Only: host.includes(":") };
      server.listen({ port, backlog: BACKLOG, ...everywhere }, bound);
    }
  });
}

/** Begins accepting again where it has ended. */
function goOnAccepting(server: Server): void {
  const { _handle: handle } = server as { _handle?: { listen?(backlog: number): number } | null };
  handle?.listen?.(BACKLOG);
}

/** A socket file outlives a killed process. It is removed only if it is a socket and nobody answers on it. */
async function removeStale(path: string): Promise<void> {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined || !entry.isSocket()) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    const timer = setTimeout(() => settle(true), STALE_PROBE_MS);
    const settle = (answer: boolean) => {
      clearTimeout(timer);
      probe.destroy();
      resolve(answer);
    };
    probe.once("connect", () => settle(true));
    probe.once("error", () => settle(false));
  });
  if (!alive) rmSync(path, { force: true });
}

function printable(host: string): string {
  if (host === "") return "[::]";
  return host.includes(":") ? `[${host}]` : host;
}
