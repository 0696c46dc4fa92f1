import { close, open, stat, write } from "node:fs";
import { promisify } from "node:util";
import { boundedLines, type LineWriter } from "./line-writer.ts";
import { OrderedWriter } from "./ordered-writer.ts";

/** Read by the owner and the group: a log holds addresses of clients. */
const MODE = 0o640;

/** A file that a log goes to. What is there stays; lines are added behind it. */
export class LogFile implements LineWriter {
  readonly path: string;
  readonly #writer: OrderedWriter;
  readonly #lines: LineWriter;
  #fd: number;

  /** Opens the file at `path`, and makes it where it is missing. Rejects with an error that says why that fails. */
  static async open(path: string): Promise<LogFile> {
    return new LogFile(path, await openFile(path));
  }

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    this.#writer = new OrderedWriter((bytes) => writeToFile(this.#fd, bytes));
    this.#lines = boundedLines(this.#writer);
  }

  write(bytes: Uint8Array, done: (written: number) => void): void {
    this.#lines.write(bytes, done);
  }

  settled(ms: number): Promise<void> {
    return this.#lines.settled(ms);
  }

  /**
   * Opens what `path` names by now, for all lines that are written from now on: somebody has moved the file away. Rejects
   * where that fails; lines go on into the file that was open.
   */
  reopen(): Promise<void> {
    return this.#writer.between(async () => {
      const before = this.#fd;
      this.#fd = await openFile(this.path);
      await closeFile(before);
    });
  }

  /** Closes the file behind all that waits. Nothing may be written any more. */
  close(): Promise<void> {
    return this.#writer.between(() => closeFile(this.#fd));
  }
}

/** Writes some of `bytes` to an open file by hand: a stream does not say how much of the last piece is on a disk that is full. */
export function writeToFile(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(
      fd,
      bytes,
      0,
      bytes.length,
      null,
      (error, written) => error ? reject(error) : resolve(written),
    );
  });
}

async function openFile(path: string): Promise<number> {
  const kind = await promisify(stat)(path).catch(() => undefined); // what is wrong with it, opening it will say
  // Opening or writing a pipe waits for its reader.
  if (kind?.isFIFO() === true) {
    throw new Error(`Cannot log to "${path}": it is a pipe, to which only standard output may lead`);
  }
  try {
    return await promisify(open)(path, "a", MODE);
  } catch (error) {
    throw new Error(`Cannot log to "${path}": ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => close(fd, () => resolve())); // an error of its last write was told with that
}
