import type { WriteLines } from "../base/log-output.ts";
import { LogFile } from "../net/log-file.ts";
import { openStdout } from "../net/stdout.ts";

/** Where the log of the program goes: standard output, or a file, as the config says at the moment. */
export class LogTarget {
  readonly #stdout = openStdout();
  #file: LogFile | undefined;
  /** One change at a time. */
  #last: Promise<void> = Promise.resolve();

  /** Writes lines to where the log goes. */
  readonly write: WriteLines = (bytes, done) => (this.#file ?? this.#stdout).write(bytes, done);

  /** Goes on in the file at `path`, or on standard output without it. Rejects where it cannot be opened, and stays where it is. */
  use(path: string | undefined): Promise<void> {
    return this.#inTurn(() => this.#goTo(path));
  }

  /**
   * Opens the file again, under the name that the config has for it, and resolves with that. Undefined where the config
   * names none. Rejects where it cannot be opened, and goes on with the one that is open.
   */
  async reopen(): Promise<string | undefined> {
    let path: string | undefined;
    await this.#inTurn(async () => {
      path = this.#file?.path;
      await this.#file?.reopen();
    });
    return path;
  }

  /** Resolves when all is written, or after `ms` milliseconds. */
  settled(ms: number): Promise<void> {
    return (this.#file ?? this.#stdout).settled(ms);
  }

  async #goTo(path: string | undefined): Promise<void> {
    const before = this.#file;
    if (before?.path === path) return;
    this.#file = path === undefined ? undefined : await LogFile.open(path);
    void before?.close();
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => {}); // whoever asked hears of it
    return done;
  }
}
