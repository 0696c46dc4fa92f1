/** At most so many files, and at most a quarter of all, are kept from clients: for admin, probes, names and the log. */
const MOST_RESERVED = 2048;
/** Files that are open before anybody comes: the runtime's own, the log, listeners. */
export const FILES_AT_REST = 40;
/** At most so many clients are refused in words at a time. */
const MOST_REFUSED = 256;
/** At most so many connections wait to be accepted. */
const MOST_WAITING = 1024;
/** At most so many connections to servers stay open while they are unused. */
const MOST_UNUSED = 4096;

/** How the files that a process may have open are shared out. */
export interface FileShares {
  /** Connections of clients, each of which may need one to a server. */
  readonly clients: number;
  /** Connections to servers that are open and unused. */
  readonly unused: number;
  /** Connections of clients that are refused in words. */
  readonly refused: number;
  /** What is left to admin, probes, names and the log. */
  readonly reserved: number;
  /** Connections that wait to be accepted, all of which may come at once before anybody can refuse one. */
  readonly waiting: number;
}

/** Shares `limit` files out. */
export function shareFiles(limit: number): FileShares {
  const reserved = Math.min(MOST_RESERVED, limit >> 2);
  const refused = Math.min(MOST_REFUSED, limit >> 4);
  const unused = Math.min(MOST_UNUSED, limit >> 3);
  const waiting = Math.min(MOST_WAITING, reserved);
  const clients = Math.max(1, (limit - reserved - refused - unused - FILES_AT_REST) >> 1);
  return { reserved, refused, unused, waiting, clients };
}
