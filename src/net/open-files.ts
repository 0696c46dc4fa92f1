import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { devNull } from "node:os";
import type { Socket } from "node:net";
import { FILES_AT_REST, type FileShares, shareFiles } from "./file-shares.ts";

/** Taken for the limit where the system does not tell it, which Linux does, to Deno with `--allow-all` only. */
export const ASSUMED_FILE_LIMIT = 1024;
/** Files held back, so that one which asks for a file too many can be noticed while there is still one to act with. */
const SPARES = 4;
/** Between two looks at what is open. */
const CHECK_MS = 500;
/** Counting the open files takes longer the more there are: at most this share of the time goes to it. */
const COUNTING_SHARE = 0.01;
/** Between two reports that files are short. */
const REPORT_MS = 60_000;
/** In place of a file that could not be opened for another reason than that there are too many. */
const NO_FILE = -1;

/** What `OpenFiles` asks of the system; tests have it say something else. */
export interface FileSystem {
  /** The limit, or undefined where it is not told. */
  limit(): number | undefined;
  /** Number of files that are open, or undefined where it is not told. */
  count(): number | undefined;
  /** Opens a file; undefined where there are too many. */
  open(): number | undefined;
  close(file: number): unknown;
  /** Clock in ms. */
  now(): number;
}

/** Who looks now and then whether all goes on; `cameBack` says that there were no files, and are some now. */
export type Watcher = (cameBack: boolean) => void;

/** Who is told that files are short. */
export type ShortageListener = (facts: { readonly limit: number | undefined; readonly open: number }) => void;

/**
 * The files (descriptors) that the process may have open. Sockets are counted as they come and go, all others now and
 * then, so that it is known at every moment, and at no cost, whether one more is to be had.
 */
export class OpenFiles {
  /** How many there may be; undefined where that is not known. */
  readonly limit: number | undefined;
  readonly shares: FileShares;
  readonly #system: FileSystem;
  /** Open files from which on a client is refused, and no request opens a connection. */
  readonly #clientBound: number;
  readonly #serverBound: number;
  #sockets = 0;
  /** Open files besides; below 0 where sockets are closed of which that was not heard yet. */
  #others = FILES_AT_REST;
  /** Whether the system refused a file. */
  #exhausted = false;
  #spares: number[] = [];
  #countAt = -Infinity;
  #reportAt = -Infinity;
  /** Whether that was so since the watchers were told. */
  #ranOut = false;
  readonly #watchers = new Set<Watcher>();
  readonly #listeners = new Set<ShortageListener>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #onClose = () => void this.#sockets--;

  constructor(system: FileSystem) {
    this.#system = system;
    this.limit = system.limit();
    this.shares = shareFiles(this.limit ?? ASSUMED_FILE_LIMIT);
    const { reserved } = this.shares;
    this.#clientBound = (this.limit ?? Infinity) - reserved;
    this.#serverBound = (this.limit ?? Infinity) - (reserved >> 1);
  }

  /** Sockets that are open. */
  get sockets(): number {
    return this.#sockets;
  }

  /** Open files, as far as is known. */
  get open(): number {
    return this.#sockets + this.#others;
  }

  get hasRoomForClient(): boolean {
    return !this.#exhausted && this.#sockets + this.#others < this.#clientBound;
  }

  get hasRoomForServer(): boolean {
    return !this.#exhausted && this.#sockets + this.#others < this.#serverBound;
  }

  /** Counts `socket` until it is closed. */
  add(socket: Socket): void {
    this.#sockets++;
    socket.on("close", this.#onClose);
  }

  /** Removes all listeners of `socket` but the one that counts it. */
  removeListeners(socket: Socket): void {
    const counted = socket.listeners("close").includes(this.#onClose);
    socket.removeAllListeners();
    if (counted) socket.on("close", this.#onClose);
  }

  /** Whether there are no files: then a failure of `connect` and the like says nothing about anybody else. */
  areGone(): boolean {
    if (!this.hasRoomForServer) return true;
    const files = this.#take();
    for (const file of files) this.#system.close(file);
    if (files.length === SPARES) return false;
    this.#runOut();
    return true;
  }

  /** Tells everybody who wants to know that files are short, once a minute at most. */
  report(): void {
    const now = this.#system.now();
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_MS;
    for (const listener of this.#listeners) listener({ limit: this.limit, open: this.open });
  }

  /** Calls `listener` when files are short. Returns what ends that. */
  onShortage(listener: ShortageListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks after the files from now on, and calls `watcher` each time. Returns what ends that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.check(), CHECK_MS);
      this.#timer.unref();
      this.check();
    }
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0 || this.#timer === undefined) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#dropSpares();
    };
  }

  /** What happens between two moments of the timer. */
  check(): void {
    // With one that was refused: those that wait to be accepted are waiting for these.
    if (this.#exhausted || this.#spares.length === 0) {
      this.#dropSpares();
      this.#spares = this.#take();
      if (this.#spares.length < SPARES) this.#runOut();
      else this.#exhausted = false;
    } else {
      const one = this.#system.open();
      if (one === undefined) this.#runOut();
      else this.#system.close(one);
    }
    this.#count();
    const cameBack = this.#ranOut && !this.#exhausted;
    if (cameBack) this.#ranOut = false;
    for (const watcher of this.#watchers) watcher(cameBack);
  }

  /** Nobody gets a file until it is known that there are some. */
  #runOut(): void {
    this.#exhausted = true;
    this.#ranOut = true;
    this.#dropSpares();
    this.#count(true);
    this.report();
  }

  #take(): number[] {
    const files: number[] = [];
    while (files.length < SPARES) {
      const file = this.#system.open();
      if (file === undefined) break;
      files.push(file);
    }
    return files;
  }

  #dropSpares(): void {
    for (const file of this.#spares) this.#system.close(file);
    this.#spares = [];
  }

  /** Counts what is open at the beginning, where it comes near the limit, and where `gone` says that it is there. */
  #count(gone = false): void {
    const startedAt = this.#system.now();
    const near = gone || this.#countAt === -Infinity ||
      this.open > this.#clientBound - 2 * this.shares.reserved;
    if (!near || startedAt < this.#countAt) return;
    const count = this.#system.count();
    if (count !== undefined) this.#others = count - this.#sockets;
    const now = this.#system.now();
    this.#countAt = now + (now - startedAt) / COUNTING_SHARE;
  }
}

/** The files of this process. */
export const OPEN_FILES = new OpenFiles({
  limit: readLimit,
  count: countFiles,
  open: openFile,
  close: (file) => file === NO_FILE || closeSync(file),
  now: () => performance.now(),
});

function readLimit(): number | undefined {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined; // no Linux, or not allowed
  }
}

function countFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1; // without the one that reads
  } catch {
    return undefined;
  }
}

function openFile(): number | undefined {
  try {
    return openSync(devNull, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EMFILE" || code === "ENFILE") return undefined;
    return NO_FILE; // not allowed, or not there: it says nothing about files
  }
}
