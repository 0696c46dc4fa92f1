import type { Socket } from "node:net";
import { ProxyError, statusOf } from "../base/errors.ts";
import type { Buffer } from "node:buffer";
import { DeadlineQueue } from "../base/deadline-queue.ts";
import { reasonPhrase, RETRY_AFTER, statusText } from "../http/status.ts";
import type { Peer } from "../message/exchange.ts";
import { GOODBYE_MS } from "../message/tunnel.ts";
import { OPEN_FILES } from "../net/open-files.ts";
import type { ClientConnection } from "./client-connection.ts";
import { ClientCounts } from "./client-counts.ts";
import { type ConnectionEvents, DownstreamConnection } from "./connection.ts";
import { countPhases, type Phase } from "./phase.ts";
import type { Steps } from "../net/steps.ts";
import type { Entrance, Reception, Refusal } from "./reception.ts";
import { type RestEvents, RestingConnection } from "./resting.ts";
import { changeOwner, own } from "./socket-owner.ts";
import { LOOK_MS, Sweep } from "./sweep.ts";

/** What clients that are turned away get to hear, and until when they are to be gone. */
const REFUSALS: Readonly<Record<Refusal, string>> = {
  connection_limit: refusalFor("connection_limit"),
  client_connection_limit: refusalFor("client_connection_limit"),
  out_of_files: refusalFor("out_of_files"),
};
const REFUSAL_MS = 1000;
/** The last part of a drain, in which requests without an answer get a 503, so that it is out before the end. */
const LAST_WORDS_MS = 200;
/** For what was answered or cut at the end to be written and reported, where there is no time before it. */
const CUT_MS = 20;

/** How many clients may be connected. */
export interface ConnectionLimits {
  /** Connections at a time; 0 is no limit, and undefined as many as there are files for. */
  readonly maxConnections?: number | undefined;
  /** Of one client, see `ClientCounts`; 0 or undefined is no limit. */
  readonly maxConnectionsPerClient?: number | undefined;
}

/** All clients' connections of the process: counts them, limits them, drains them. */
export class Clients implements ConnectionEvents, RestEvents {
  /** Each open connection, whether it is served or rests. */
  readonly #connections = new Set<ClientConnection>();
  /** Lets those that are served rest. */
  readonly #sweep = new Sweep();
  /** Those that rest, by how long they may. */
  readonly #resting = new Map<number, DeadlineQueue<RestingConnection>>();
  /** Time in which an unused connection that is to close may still bring a request. */
  graceMs: number;
  #maxConnections = 0;
  #maxPerClient = 0;
  /** Undefined where nobody asks. */
  #clients: ClientCounts | undefined;
  readonly #usesReserve: boolean;
  /** Open connections by where they came in. */
  readonly #counts = new Map<Entrance, number>();
  readonly #refusing = new Set<Socket>();
  #stage: "serving" | "grace" | "closing" = "serving";
  #onEmpty: (() => void) | undefined;

  /** With `usesReserve` they may take the files that are kept back from ordinary clients. */
  constructor(options: ConnectionLimits & { graceMs: number; usesReserve?: boolean }) {
    const { graceMs, usesReserve = false } = options;
    this.limitConnections(options);
    this.graceMs = graceMs;
    this.#usesReserve = usesReserve;
  }

  /** What holds for connections from now on; those that are open stay, and count. */
  limitConnections({ maxConnections, maxConnectionsPerClient = 0 }: ConnectionLimits): void {
    this.#maxConnections = maxConnections ?? OPEN_FILES.shares.clients;
    this.#maxPerClient = maxConnectionsPerClient;
    if (maxConnectionsPerClient === 0) this.#clients = undefined;
    else if (this.#clients === undefined) {
      this.#clients = new ClientCounts();
      for (const { peer } of this.#connections) this.#clients.add(peer);
    }
  }

  get size(): number {
    return this.#connections.size;
  }

  /** How many connections stand in each phase. */
  countPhases(): Steps<ReadonlyMap<Phase, number>> {
    return countPhases([...this.#connections]);
  }

  /** Takes an accepted socket over; `unix` says that it is none of TCP. */
  accept(socket: Socket, entrance: Entrance, unix = false): void {
    if (this.#stage === "closing") return void socket.destroy();
    const { reception } = entrance;
    const peer = peerOf(socket, unix);
    const refusal = this.#refusalOf(reception, peer);
    if (refusal !== undefined) {
      reception.onRefused(refusal);
      return this.#refuse(socket, refusal);
    }
    reception.onAccepted();
    this.#counts.set(entrance, (this.#counts.get(entrance) ?? 0) + 1);
    const acceptedAt = performance.now();
    const connection = new RestingConnection(socket, {
      peer,
      entrance,
      acceptedAt,
      events: this,
    });
    own(socket, connection);
    this.#connections.add(connection);
    this.#clients?.add(peer);
    this.#rest(connection, reception.timeouts.requestHeaders);
    if (this.#stage === "grace") connection.drain(false); // accepted by the system before the drain
  }

  /** For connections: one is closed. */
  onClosed(connection: DownstreamConnection | RestingConnection): void {
    if (connection instanceof RestingConnection) this.#endRest(connection);
    else this.#sweep.delete(connection);
    this.#connections.delete(connection);
    this.#clients?.delete(connection.peer);
    this.#forget(connection.entrance);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** For connections: one has nothing to do. */
  onRest(connection: DownstreamConnection): void {
    const { socket, peer, entrance } = connection;
    this.#sweep.delete(connection);
    const resting = new RestingConnection(socket, { peer, entrance, events: this });
    this.#replace(connection, resting);
    this.#rest(resting, Math.max(1, entrance.reception.timeouts.keepAlive - LOOK_MS));
  }

  /** For connections: one is looked at no more. */
  onTunnel(connection: DownstreamConnection): void {
    this.#sweep.delete(connection);
  }

  /** For connections: the client of one that rests says something. */
  onWake(resting: RestingConnection, chunk: Buffer): void {
    this.#endRest(resting);
    const connection = new DownstreamConnection(resting.socket, {
      peer: resting.peer,
      entrance: resting.entrance,
      acceptedAt: resting.acceptedAt,
      events: this,
    });
    this.#replace(resting, connection);
    this.#sweep.add(connection);
    if (resting.closing) connection.drain(false);
    connection.onData(chunk);
  }

  #replace(before: ClientConnection, after: DownstreamConnection | RestingConnection): void {
    this.#connections.delete(before);
    this.#connections.add(after);
    changeOwner(after.socket, after);
  }

  /** Lets a connection rest for `ms` at the most; 0 is no limit. */
  #rest(connection: RestingConnection, ms: number): void {
    if (ms === 0) return;
    let queue = this.#resting.get(ms);
    if (queue === undefined) {
      queue = new DeadlineQueue<RestingConnection>(ms, (due) => due.destroy());
      this.#resting.set(ms, queue);
    }
    connection.restMs = ms;
    queue.add(connection);
  }

  #endRest(connection: RestingConnection): void {
    const queue = this.#resting.get(connection.restMs);
    queue?.delete(connection);
    if (queue?.size === 0) this.#resting.delete(connection.restMs);
  }

  /** Closes the connections that came in at `entrance`, each once its exchange is over, unused ones after the grace. */
  drainEntrance(entrance: Entrance): void {
    const drain = (idleToo: boolean) => {
      for (const connection of [...this.#connections]) {
        if (connection.entrance === entrance) connection.drain(idleToo);
      }
    };
    drain(false);
    setTimeout(() => drain(true), this.graceMs).unref();
  }

  /**
   * Closes every connection once its exchange is over, unused ones after the grace in which a request on its way is still
   * answered, WebSockets in the last second (or half of the time, where that is shorter). Shortly before `timeoutMs` is
   * over, requests without an answer are answered 503; then what is left is cut. Resolves with the number of connections
   * of which something was cut.
   */
  drain(timeoutMs: number): Promise<number> {
    this.#stage = "grace";
    for (const socket of this.#refusing) socket.destroy();
    return new Promise((resolve) => {
      const cut = new Set<ClientConnection>();
      const error = new ProxyError("shutdown", "The proxy stopped before the exchange was over");
      const goodbyeMs = Math.min(GOODBYE_MS, timeoutMs / 2);
      const lastWordsMs = Math.min(LAST_WORDS_MS, timeoutMs / 4);
      const endMs = Math.max(timeoutMs, timeoutMs - lastWordsMs + CUT_MS);
      const finish = () => {
        this.#onEmpty = undefined;
        for (const timer of timers) clearTimeout(timer);
        resolve(cut.size);
      };
      const steps: [ms: number, step: () => void][] = [
        [Math.min(this.graceMs, timeoutMs), () => {
          this.#stage = "closing";
          this.#drainAll(true);
        }],
        [timeoutMs - goodbyeMs, () => {
          for (const { tunnelled } of this.#connections) tunnelled?.goAway(goodbyeMs);
        }],
        [timeoutMs - lastWordsMs, () => {
          for (const connection of [...this.#connections]) {
            if (connection.refuse(error)) cut.add(connection);
          }
        }],
        [endMs, () => {
          const left = [...this.#connections];
          for (const connection of left.filter(({ busy }) => busy)) cut.add(connection);
          for (const connection of left) connection.destroy(error.kind, error.message);
        }],
        [endMs + CUT_MS, finish],
      ];
      const timers = steps.map(([ms, step]) => setTimeout(step, ms));
      this.#onEmpty = finish;
      this.#drainAll(false);
      if (this.#connections.size === 0) finish();
    });
  }

  /** Connections at all entrances that `reception` serves now; those are few. */
  #countOf(reception: Reception): number {
    let sum = 0;
    for (const [entrance, count] of this.#counts) if (entrance.reception === reception) sum += count;
    return sum;
  }

  #refusalOf(reception: Reception, peer: Peer): Refusal | undefined {
    if (
      this.#clients !== undefined && this.#clients.of(peer) >= this.#maxPerClient &&
      reception.standsForMany?.(peer.address) !== true
    ) return "client_connection_limit";
    if (
      isOver(this.#maxConnections, this.#connections.size) ||
      isOver(reception.maxConnections, this.#countOf(reception))
    ) return "connection_limit";
    return this.#usesReserve || OPEN_FILES.hasRoomForClient ? undefined : "out_of_files";
  }

  #forget(entrance: Entrance): void {
    const left = this.#counts.get(entrance)! - 1;
    if (left > 0) this.#counts.set(entrance, left);
    else this.#counts.delete(entrance);
  }

  #drainAll(idleToo: boolean): void {
    for (const connection of [...this.#connections]) connection.drain(idleToo);
  }

  #refuse(socket: Socket, refusal: Refusal): void {
    socket.on("error", () => {}); // a client that we turn away may break off as it likes
    if (refusal === "out_of_files") OPEN_FILES.report();
    if (this.#refusing.size >= OPEN_FILES.shares.refused) return void socket.destroy();
    this.#refusing.add(socket);
    const timer = setTimeout(() => socket.destroy(), REFUSAL_MS);
    socket.on("close", () => {
      clearTimeout(timer);
      this.#refusing.delete(socket);
    });
    socket.resume();
    socket.end(REFUSALS[refusal]);
    // It may keep no file, not even until it has read why.
    if (!OPEN_FILES.hasRoomForClient) socket.once("finish", () => socket.destroy());
  }
}

function refusalFor(refusal: Refusal): string {
  const status = statusOf(refusal);
  const body = statusText(status, refusal);
  return `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
    `Content-Length: ${body.length}\r\nRetry-After: ${RETRY_AFTER}\r\nConnection: close\r\n\r\n${body}`;
}

function isOver(limit: number, count: number): boolean {
  return limit > 0 && count >= limit;
}

function peerOf(socket: Socket, unix: boolean): Peer {
  const address = socket.remoteAddress ?? "";
  return {
    // A socket of both families shows IPv4 clients in IPv6 form.
    address: address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address,
    port: socket.remotePort ?? 0,
    secure: false,
    unix,
  };
}
