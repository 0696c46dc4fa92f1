import process from "node:process";
import { STDOUT_WRITE_BLOCKS } from "./gaps.ts";

/** Unwritten bytes beyond which more are refused: a reader that is stuck must not fill the memory. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** Standard output for a log: never waits, and never fails. */
export interface Stdout {
  /** Writes `bytes`, which nobody changes any more. False where too much waits to be written already: they are lost. */
  write(bytes: Uint8Array): boolean;
  /** Resolves when all is written, or after `ms` milliseconds. */
  settled(ms: number): Promise<void>;
}

let opened: Stdout | undefined;

/** Standard output, one for the process. A full disk or a reader that left costs what is written, not the service. */
export function openStdout(): Stdout {
  return opened ??= open();
}

function open(): Stdout {
  const writeOut = STDOUT_WRITE_BLOCKS ? denoWriter() : nodeWriter();
  let pending = 0;
  let onSettled: (() => void) | undefined;
  return {
    write(bytes) {
      if (pending >= MAX_PENDING_BYTES) return false;
      pending += bytes.length;
      writeOut(bytes, () => {
        pending -= bytes.length;
        if (pending === 0) onSettled?.();
      });
      return true;
    },
    settled: (ms) =>
      new Promise((resolve) => {
        if (pending === 0) return resolve();
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

type Writer = (bytes: Uint8Array, done: () => void) => void;

function nodeWriter(): Writer {
  process.stdout.on("error", () => {}); // each write hears of its own error
  return (bytes, done) => void process.stdout.write(bytes, done);
}

function denoWriter(): Writer {
  const { stdout } = (globalThis as unknown as {
    Deno: { stdout: { writable: WritableStream<Uint8Array> } };
  }).Deno;
  const writer = stdout.writable.getWriter();
  return (bytes, done) => void writer.write(bytes).then(done, done);
}
