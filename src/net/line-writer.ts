import type { OrderedWriter } from "./ordered-writer.ts";

/** Memory of what is unwritten beyond which more is refused: a reader that is stuck must not fill the memory. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;

/** Where a log goes: never waits, and never fails for good. */
export interface LineWriter {
  /**
   * Writes `bytes`, whole lines, which nobody changes any more, and tells `done` how many of them were written: none where
   * too much waits to be written already, fewer than all where the disk is full or nobody reads.
   */
  write(bytes: Uint8Array, done: (written: number) => void): void;
  /** Resolves when all is written, or after `ms` milliseconds. */
  settled(ms: number): Promise<void>;
}

/** Lines that `writer` writes, as long as what waits takes no more than 4 MiB. */
export function boundedLines(writer: OrderedWriter): LineWriter {
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
