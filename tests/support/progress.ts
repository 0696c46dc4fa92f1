/** Reads what a runtime's test command prints, line by line, and tells how far it is: one line for each file of tests. */
export class Progress {
  /** Files whose last test is over. */
  files = 0;
  /** Lines that are worth reading again: all but those of files and of passed tests. */
  readonly rest: string[] = [];
  readonly #print: (line: string) => void;
  #partial = "";
  #file: string | undefined;
  #passed = 0;
  #failed = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** Takes a piece of output. */
  push(text: string): void {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop()!;
    for (const line of lines) this.#take(line);
  }

  /** The output is over. */
  end(): void {
    if (this.#partial !== "") this.#take(this.#partial);
    this.#partial = "";
    this.#close();
  }

  #take(line: string): void {
    if (SUMMARY.test(line)) this.#close(); // what failed is named once more
    const file = FILE.exec(line);
    if (file !== null) {
      this.#close();
      this.#file = file[1] ?? file[2];
    } else if (PASSED.test(line)) this.#passed++;
    else {
      if (FAILED.test(line)) this.#failed++;
      this.rest.push(line);
    }
  }

  #close(): void {
    if (this.#file !== undefined) {
      this.files++;
      this.#print(
        `${this.#file}: ${this.#passed} passed${this.#failed > 0 ? `, ${this.#failed} FAILED` : ""}`,
      );
    }
    this.#file = undefined;
    this.#passed = this.#failed = 0;
  }
}

/** Deno: "running 7 tests from ./tests/a.test.ts"; Bun: "tests/a.test.ts:". */
const FILE = /^(?:running \d+ tests? from \.\/(\S+)|(\S+\.test\.ts):)$/;
/** Deno: "title ... ok (5ms)", also of a step, also behind what the test printed; Bun: "(pass) title [5.00ms]". */
const PASSED = /^\(pass\) | \.\.\. (?:\S+ \.\.\. )?ok \(\S+\)$/;
/** Behind the last file. */
const SUMMARY = /^\d+ tests? failed:$/;
const FAILED = /^\(fail\) | \.\.\. FAILED \(\S+\)$/;
