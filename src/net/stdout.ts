import { fstatSync, write } from "node:fs";
import process from "node:process";
import { STDOUT_WRITE_BLOCKS } from "./gaps.ts";
import { OrderedWriter, type WriteSome } from "./ordered-writer.ts";

/** Memory of what is unwritten beyond which more is refused: a reader that is stuck must not fill the memory. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
/** A pipe takes up to so many bytes whole or not at all (PIPE_BUF). */
const WHOLE_BYTES = 4096;

/** Standard output for a log: never waits, and never fails for good. */
export interface Stdout {
  /**
   * Writes `bytes`, whole lines, which nobody changes any more, and tells `done` how many of them were written: none where
   * too much waits to be written already, fewer than all where the disk is full or nobody reads.
   */
  write(bytes: Uint8Array, done: (written: number) => void): void;
  /** Resolves when all is written, or after `ms` milliseconds. */
  settled(ms: number): Promise<void>;
}

let opened: Stdout | undefined;

/** Standard output, one for the process. A full disk or a reader that left costs what is written, not the service. */
export function openStdout(): Stdout {
  return opened ??= open();
}

function open(): Stdout {
  const writer = STDOUT_WRITE_BLOCKS
    ? new OrderedWriter(writeOnDeno)
    : isFile()
    ? new OrderedWriter(writeToFile)
    : new OrderedWriter(writeToStream(), WHOLE_BYTES);
  let onSettled: (() => void) | undefined;
  return {
    write(bytes, done) {
      if (writer.pending >= MAX_PENDING_BYTES) return done(0);
      writer.write(bytes, (written) => {
        done(written);
        if (writer.pending === 0) onSettled?.();
      });
    },
    settled: (ms) =>
      new Promise((resolve) => {
        if (writer.pending === 0) return resolve();
        const timer = setTimeout(resolve, ms);
        onSettled = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}

/** Writes `text` to standard output or error and resolves when it is out: for what a program says before it ends. */
export function print(text: string, where: "stdout" | "stderr" = "stdout"): Promise<void> {
  return new Promise((resolve) => {
    process[where].once("error", () => resolve()); // nobody reads it
    process[where].write(text, () => resolve());
  });
}

const STDOUT_FD = 1;

function isFile(): boolean {
  try {
    return fstatSync(STDOUT_FD).isFile();
  } catch {
    return false; // it is closed
  }
}

/** To a file by hand: a stream does not say how much of the last piece is on a disk that is full. */
function writeToFile(bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(
      STDOUT_FD,
      bytes,
      0,
      bytes.length,
      null,
      (error, written) => error ? reject(error) : resolve(written),
    );
  });
}

function writeToStream(): WriteSome {
  process.stdout.on("error", () => {}); // each write hears of its own error
  return (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
}

/** By the runtime's own function; its stream would be broken for good after the first error. */
function writeOnDeno(bytes: Uint8Array): Promise<number> {
  return (globalThis as unknown as { Deno: { stdout: { write: WriteSome } } }).Deno.stdout.write(bytes);
}
