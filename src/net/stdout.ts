import { fstatSync } from "node:fs";
import process from "node:process";
import { STDOUT_WRITE_BLOCKS } from "./gaps.ts";
import { boundedLines, type LineWriter } from "./line-writer.ts";
import { writeToFile } from "./log-file.ts";
import { OrderedWriter, type WriteSome } from "./ordered-writer.ts";

/** A pipe takes up to so many bytes whole or not at all (PIPE_BUF). */
const WHOLE_BYTES = 4096;

let opened: LineWriter | undefined;

/** Standard output, one for the process. A full disk or a reader that left costs what is written, not the service. */
export function openStdout(): LineWriter {
  return opened ??= open();
}

function open(): LineWriter {
  return boundedLines(
    isFile()
      ? new OrderedWriter((bytes) => writeToFile(STDOUT_FD, bytes))
      : STDOUT_WRITE_BLOCKS
      ? new OrderedWriter(writeOnDeno)
      : new OrderedWriter(writeToStream(), WHOLE_BYTES),
  );
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
