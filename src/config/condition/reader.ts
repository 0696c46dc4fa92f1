import { quoteShort } from "../problems/wording.ts";

/** A condition that cannot be understood, and where in its text. */
export class ConditionError extends RangeError {
  /** Position from 0 in the condition's text. */
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.name = "ConditionError";
    this.at = at;
  }
}

/** The error for what stands at `at`, in the words of all other messages. Columns count from 1. */
export function refuseAt(at: number, found: string, accepted: string, suggestion?: string): ConditionError {
  const hint = suggestion === undefined ? "" : `; did you mean ${quoteShort(suggestion)}?`;
  return new ConditionError(at, `is no condition: column ${at + 1}: ${found}; accepted: ${accepted}${hint}`);
}

/** A value in a condition and where it stands. */
export interface ReadValue {
  readonly text: string;
  readonly at: number;
}

/** Reads the text of a condition from left to right; blanks between its parts do not count. */
export class ConditionReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlanks();
  }

  /** Position of the next part. */
  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The next part in words, for messages. */
  describeHere(): string {
    const word = /[^\s()[\],]+|[()[\],]/.exec(this.#text.slice(this.#at))?.[0];
    return word === undefined ? "end" : quoteShort(word);
  }

  /** Whether `token` comes next; takes it if so. */
  take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#advance(token.length);
    return true;
  }

  /** Whether the word `in` comes next, with a value after it; takes it if so. */
  takeIn(): boolean {
    return /^in(?![\w-])/.test(this.#text.slice(this.#at, this.#at + 3)) && this.take("in");
  }

  /** Whether `name` and an opening parenthesis come next; takes them if so. */
  takeCall(name: string): boolean {
    const call = /^([\w-]+)\s*\(/.exec(this.#text.slice(this.#at));
    if (call === null || call[1] !== name) return false;
    this.#advance(call[0].length);
    return true;
  }

  /** Takes a word of letters, digits, `_` and `-`; undefined where there is none. */
  takeName(): string | undefined {
    const name = /^[\w-]+/.exec(this.#text.slice(this.#at))?.[0];
    if (name !== undefined) this.#advance(name.length);
    return name;
  }

  /**
   * Takes a value: in quotes of either kind, or bare up to a blank, `&&`, `||` or a parenthesis that it did not
   * open; in a list up to a comma or the list's end as well.
   */
  takeValue(inList = false): ReadValue {
    const at = this.#at;
    const quote = this.#text[at];
    if (quote === '"' || quote === "'") return { text: this.#takeQuoted(quote), at };
    const length = this.#bareLength(inList);
    if (length === 0) throw refuseAt(at, `unexpected ${this.describeHere()}`, "a value");
    const text = this.#text.slice(at, at + length);
    this.#advance(length);
    return { text, at };
  }

  /** A backslash escapes the quote only, so that regular expressions stand as they are. */
  #takeQuoted(quote: string): string {
    let text = "";
    for (let i = this.#at + 1; i < this.#text.length; i++) {
      const character = this.#text[i]!;
      if (character === quote) {
        this.#advance(i + 1 - this.#at);
        return text;
      }
      if (character === "\\" && this.#text[i + 1] === quote) {
        text += quote;
        i++;
      } else text += character;
    }
    throw refuseAt(this.#at, "a quote that is never closed", `${quote} at the end of the value`);
  }

  #bareLength(inList: boolean): number {
    let depth = 0;
    let i = this.#at;
    // An IPv6 address brings brackets of its own.
    if (this.#text[i] === "[") i = Math.max(i, this.#text.indexOf("]", i)) + 1;
    for (; i < this.#text.length; i++) {
      const character = this.#text[i]!;
      if (/\s/.test(character)) break;
      if (character === "(") depth++;
      if (character === ")" && depth-- === 0) break;
      if (inList && (character === "," || character === "]")) break;
      if (depth === 0 && /^(?:&&|\|\|)/.test(this.#text.slice(i, i + 2))) break;
    }
    return i - this.#at;
  }

  #advance(length: number): void {
    this.#at += length;
    this.#skipBlanks();
  }

  #skipBlanks(): void {
    while (/^\s/.test(this.#text.slice(this.#at, this.#at + 1))) this.#at++;
  }
}
