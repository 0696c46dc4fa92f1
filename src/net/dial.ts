import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import { outliveFailedWrites } from "./failed-writes.ts";
import { TLS_READS_WHILE_PAUSED } from "./gaps.ts";
import { OPEN_FILES } from "./open-files.ts";
import { limitReadAhead } from "./read-ahead.ts";
import type { Endpoint } from "./resolver.ts";
import { connectTlsOver } from "./tls-over.ts";

/** Where to connect. */
export interface DialDestination {
  readonly host: string;
  readonly port: number;
  /** A unix socket instead of host and port. */
  readonly socketPath?: string | undefined;
  /** Looks the host up; without it the system does. Rejects where it stands for nothing. */
  readonly endpoints?: (() => Promise<readonly Endpoint[]>) | undefined;
  /** Speak TLS. */
  readonly tls?: DialTls | undefined;
}

/** How to speak TLS to a server. */
export interface DialTls {
  /** Name for SNI and for the certificate. */
  readonly serverName: string;
  /** Refuse a certificate that does not verify. */
  readonly verify: boolean;
  /** Certificate authorities to trust instead of the runtime's own, PEM. */
  readonly ca?: string | undefined;
}

const KINDS: Readonly<Record<string, ProxyErrorKind>> = {
  ECONNREFUSED: "connect_refused",
  ENOENT: "connect_refused",
  ENOTFOUND: "name_not_resolved",
  EAI_AGAIN: "name_not_resolved",
  EAI_NONAME: "name_not_resolved",
  ETIMEDOUT: "connect_timeout",
};

/** The time ran out after the server had accepted the connection: it is the TLS handshake that stalls. */
export class HandshakeTimeout extends ProxyError {
  constructor(message: string) {
    super("connect_timeout", message);
  }
}

/** How long opening a connection may take. */
export interface DialTimeout {
  /** In ms; 0 is no limit. */
  readonly ms: number;
  /** What asks for it, in words, such as the key of the config. */
  readonly rule: string;
}

/**
 * Opens a connection, TLS handshake included, within `timeout`.
 * Rejects with a ProxyError whose kind guarantees that no byte of a request was sent; `signal` gives up early. The socket
 * is read to its end though a write fails, as long as somebody listens for `WRITE_FAILED`.
 */
export async function dial(
  destination: DialDestination,
  timeout: DialTimeout,
  signal?: AbortSignal,
): Promise<Socket> {
  const { tls } = destination;
  if (tls === undefined || !TLS_READS_WHILE_PAUSED) {
    const ready = tls === undefined ? "connect" : "secureConnect";
    const socket = await establish(() => open(destination), {
      destination,
      ready,
      timeout,
      leftMs: timeout.ms,
      signal,
    });
    outliveFailedWrites(socket);
    return socket;
  }
  const startedAt = performance.now();
  const plain = () => open({ ...destination, tls: undefined });
  const carrier = await establish(plain, {
    destination,
    ready: "connect",
    timeout,
    leftMs: timeout.ms,
    signal,
  });
  const leftMs = timeout.ms === 0 ? 0 : Math.max(1, timeout.ms - (performance.now() - startedAt));
  const secure = () => connectTlsOver(carrier, { host: destination.host, ...tlsOptions(tls) });
  try {
    return await establish(secure, { destination, ready: "secureConnect", timeout, leftMs, signal });
  } catch (error) {
    carrier.destroy();
    throw error;
  }
}

/** One step toward a connection. */
interface Step {
  readonly destination: DialDestination;
  /** The event that says that the step is done. */
  readonly ready: "connect" | "secureConnect";
  readonly timeout: DialTimeout;
  /** What of the timeout is left for it. */
  readonly leftMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Waits until what `begin` opens is ready. */
function establish(
  begin: () => Socket,
  { destination, ready, timeout, leftMs, signal }: Step,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let socket: Socket;
    try {
      socket = begin();
    } catch (error) {
      return reject(toDialError(error as Error, destination)); // options that the TLS library refuses
    }
    const release = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off("close", onClose);
      socket.off(ready, onReady);
    };
    const fail = (error: ProxyError) => {
      release();
      // A socket may still report an error while it is being torn down.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onReady = () => {
      release();
      socket.setNoDelay(true);
      resolve(socket);
    };
    const onError = (error: Error) => fail(toDialError(error, destination));
    const onClose = () =>
      fail(new ProxyError("connect_failed", `Cannot connect to ${nameOf(destination)}: closed`));
    const onAbort = () => fail(new ProxyError("client_closed", "The request was given up while connecting"));
    socket.once(ready, onReady);
    socket.once("error", onError);
    socket.once("close", onClose);
    if (leftMs > 0) timer = setTimeout(() => fail(toTimeout(socket, destination, timeout)), leftMs);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function open(destination: DialDestination): Socket {
  const socket = connectTo(destination);
  OPEN_FILES.add(socket);
  limitReadAhead(socket);
  return socket;
}

function connectTo({ host, port, socketPath, endpoints, tls }: DialDestination): Socket {
  if (socketPath !== undefined) return connect({ path: socketPath, allowHalfOpen: true });
  const lookup = endpoints === undefined ? {} : { lookup: lookupIn(endpoints) };
  if (tls === undefined) return connect({ host, port, allowHalfOpen: true, noDelay: true, ...lookup });
  return connectTls({ host, port, ...lookup, ...tlsOptions(tls) });
}

function tlsOptions(tls: DialTls): ConnectionOptions {
  return {
    // SNI carries names only (RFC 6066 §3); the certificate is checked against the address all the same.
    ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
    rejectUnauthorized: tls.verify,
    ALPNProtocols: ["http/1.1"],
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
}

/** Of several addresses the next is tried where one fails or is slow (RFC 8305), as with the system's own lookup. */
function lookupIn(endpoints: () => Promise<readonly Endpoint[]>): LookupFunction {
  return (_host, { all }, done) => {
    endpoints().then((found) => {
      if (all === true) done(null, found.map(({ address, family }) => ({ address, family })));
      else done(null, found[0]!.address, found[0]!.family);
    }, (error) => done(unresolved(error), ""));
  };
}

function toTimeout(
  { connecting }: Socket,
  destination: DialDestination,
  { ms, rule }: DialTimeout,
): ProxyError {
  const within = `within ${rule} (${formatDuration(ms)})`;
  if (destination.tls !== undefined && !connecting) {
    return new HandshakeTimeout(`No TLS handshake with ${nameOf(destination)} ${within}`);
  }
  return new ProxyError("connect_timeout", `Cannot connect to ${nameOf(destination)} ${within}`);
}

/** Whatever went wrong at the DNS server is no fault of the server that is looked for; what we refused stays refused. */
function unresolved(cause: Error): NodeJS.ErrnoException {
  return Object.assign(new Error(cause.message, { cause }), { code: "ENOTFOUND" });
}

function toDialError(error: Error, destination: DialDestination): ProxyError {
  if (error.cause instanceof ProxyError) return error.cause;
  const code = (error as { code?: string }).code ?? "";
  // Where there is no file for it, Bun says that the server refused, and a look-up that there is no such name.
  if (code === "EMFILE" || code === "ENFILE" || OPEN_FILES.areGone()) {
    return new ProxyError(
      "out_of_files",
      `Cannot connect to ${nameOf(destination)}: no file is left for it`,
      {
        cause: error,
      },
    );
  }
  const kind = KINDS[code] ??
    (isTlsError(code, error.message, destination) ? "tls_failed" : "connect_failed");
  return new ProxyError(kind, `Cannot connect to ${nameOf(destination)}: ${code || error.message}`, {
    cause: error,
  });
}

function isTlsError(code: string, message: string, destination: DialDestination): boolean {
  if (destination.tls === undefined) return false;
  return !/^E[A-Z]+$/.test(code) || code.startsWith("EPROTO") || /certificate|tls|ssl/i.test(message);
}

function nameOf({ host, port, socketPath }: DialDestination): string {
  return socketPath === undefined ? `${host}:${port}` : `unix:${socketPath}`;
}
