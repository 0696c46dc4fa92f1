/** Where something stands in a text: 1-based, columns in UTF-16 code units as editors count them. */
export interface LineAndColumn {
  line: number;
  column: number;
}

/** The lines of a text, to turn any number of offsets into lines and columns. */
export class Lines {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  /** The line and column of `offset`. */
  at(offset: number): LineAndColumn {
    let first = 0;
    let behind = this.#starts.length;
    while (behind - first > 1) {
      const middle = (first + behind) >> 1;
      if (this.#starts[middle]! <= offset) first = middle;
      else behind = middle;
    }
    return { line: first + 1, column: offset - this.#starts[first]! + 1 };
  }
}
