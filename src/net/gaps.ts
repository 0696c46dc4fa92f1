/** The runtime underneath. Code elsewhere tests the named gaps below, never this. */
const RUNTIME: "bun" | "deno" | "node" = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";

/** Name and version of the runtime, for `--version`. */
export function runtimeVersion(): string {
  const versions = (globalThis as { process?: { versions?: Record<string, string> } }).process?.versions;
  return `${RUNTIME} ${versions?.[RUNTIME] ?? "unknown"}`;
}

/**
 * Deno 2.9 ignores `ipv6Only` when it listens: `[::]:80` takes port 80 of IPv4 as well. So a frontend that binds
 * both `0.0.0.0:80` and `[::]:80` gets one socket for the two; clients see no difference.
 */
export const IPV6_WILDCARD_TAKES_IPV4 = RUNTIME === "deno";

/**
 * Deno 2.9 and Bun 1.4 read a socket into new memory each time. Deno takes up to 64 KiB and does not let the garbage
 * collector know how much that is: 1 GiB through a proxy left 400 to 700 MiB of it lying about. Bun lets it know, but between
 * two collections memory is used that is in no cache, and that the system has to make out anew: a fifth of the CPU time
 * of a body of 100 KiB. So what was read is given back by hand as soon as it is written.
 */
export const READ_BUFFERS_WAIT_FOR_GC = RUNTIME !== "node";

/**
 * To copy 64 KiB behind a head and write both at once costs less on Bun 1.4 than two writes, of which the first wakes the
 * peer for a head alone. On Deno 2.9 it costs more.
 */
export const LARGE_COPIES_SAVE_TIME = RUNTIME === "bun";

/**
 * On Deno 2.9 `process.stdout.write` waits until a pipe takes the bytes: a log collector that stops reading would stop
 * the proxy. So logs are written by the runtime's own function there.
 */
export const STDOUT_WRITE_BLOCKS = RUNTIME === "deno";

/**
 * Deno 2.9 accepts all connections that wait in one go, before anybody is asked about the first of them. Where that takes
 * the last file, it ends accepting for good, and no error says so; `listen` of the handle underneath begins it again,
 * does nothing where it goes on, and loses no connection that waits; a unix socket has to be bound anew. (Bun 1.4 goes on by itself, but keeps a core busy
 * with trying until a file comes free.)
 */
export const ACCEPT_ENDS_WITHOUT_FILES = RUNTIME === "deno";

/**
 * Deno 2.9 reports a DNS server's failure (SERVFAIL) as "there is no such record". Where all questions about a name fail,
 * the last good answer is kept all the same; where only its A or only its AAAA records do, those are left out until the
 * next look-up.
 */
export const DNS_FAILURE_LOOKS_LIKE_NONE = RUNTIME === "deno";

/**
 * Deno 2.9 reads a TLS connection on while it is paused: a client that does not take a body had all of it in memory, and
 * the end of the connection is sometimes lost. So TLS toward servers runs over a stream that holds the bytes back.
 */
export const TLS_READS_WHILE_PAUSED = RUNTIME === "deno";

/**
 * Deno 2.9 opens everything in a folder that it watches. A pipe without a writer holds it up there, and `close` of the watcher waits
 * for that without end, the whole program with it: so a config file is only looked at, every `reload_interval`.
 */
export const FOLDER_WATCH_MAY_HANG = RUNTIME === "deno";

/**
 * Deno 2.9 runs some sixty immediates before it looks at sockets again, so that they are no way to let it; a timer is.
 */
export const IMMEDIATES_DELAY_READS = RUNTIME === "deno";

/**
 * Bun 1.4 takes the modules of two `file:` URLs that differ in their query alone for one, and those of two paths for two. So
 * a middleware whose file has changed is loaded by its path there.
 */
export const FILE_URLS_LOSE_QUERY = RUNTIME === "bun";

/**
 * A program that Bun 1.4 has compiled runs modules of files, in TypeScript as well, and what they import by a path; packages
 * it does not find, wherever they are.
 */
export const COMPILED_FINDS_NO_PACKAGES = RUNTIME === "bun" && import.meta.url.includes("/$bunfs/");
