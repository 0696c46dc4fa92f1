const TOKEN = 1;
const VALUE = 2;
const CR = 13;
const LF = 10;
const COLON = 58;
const MOST_MARKS = 512;

/** What a byte may stand in: the name of a field, its value (RFC 9110 §5.6.2 and §5.5). */
const CLASSES = new Uint8Array(256).map((_, byte) =>
  (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)) ? TOKEN : 0) |
  (byte === 9 || (byte >= 32 && byte !== 127) ? VALUE : 0)
);

/** Where the fields of one head stand: marks of their names and colons, and no text. */
export class HeadMarks {
  readonly #marks = new Int32Array(MOST_MARKS);
  /** Number of fields. */
  count = 0;
  /** Index behind the head. */
  end = 0;

  /** Reads the head at the beginning of `bytes`, and returns `end`. Throws where it is not whole or not sound. */
  read(bytes: Uint8Array): number {
    const marks = this.#marks;
    const { length } = bytes;
    let mark = 0;
    let i = lineEnd(bytes, 0);
    while (i < length && bytes[i] !== CR && mark < MOST_MARKS) {
      marks[mark++] = i;
      while (i < length && (CLASSES[bytes[i]!]! & TOKEN) !== 0) i++;
      if (bytes[i] !== COLON) break;
      marks[mark++] = i;
      i = lineEnd(bytes, i + 1);
    }
    if (bytes[i] !== CR || bytes[i + 1] !== LF) throw new Error("Not one whole, sound head in this packet");
    this.count = mark >> 1;
    this.end = i + 2;
    return this.end;
  }

  /** Where the value of `name`, in lower case, begins; -1 where there is no such field. */
  find(bytes: Uint8Array, name: Uint8Array): number {
    for (let field = 0; field < this.count; field++) {
      const from = this.#marks[2 * field]!;
      const colon = this.#marks[2 * field + 1]!;
      if (colon - from === name.length && equalsLowerCase(bytes, from, name)) return colon + 1;
    }
    return -1;
  }
}

/** Index behind the line that goes on at `i`; somewhere without a CR where it is not whole or not sound. */
function lineEnd(bytes: Uint8Array, i: number): number {
  while (i < bytes.length && (CLASSES[bytes[i]!]! & VALUE) !== 0) i++;
  return bytes[i] === CR && bytes[i + 1] === LF ? i + 2 : bytes.length;
}

function equalsLowerCase(bytes: Uint8Array, from: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if ((bytes[from + i]! | 32) !== name[i]) return false;
  }
  return true;
}
