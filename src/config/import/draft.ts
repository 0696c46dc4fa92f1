/** Where something stands in a foreign config. */
export interface Origin {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What is written there, on one line. */
  readonly text: string;
}

/** A value of a native config, as files write it. */
export type DraftValue = string | number | boolean | readonly DraftValue[] | DraftTable;

/** A table of a native config, with the keys of files. What is undefined is not written. */
export interface DraftTable {
  [key: string]: DraftValue | undefined;
  [COMMENTS]?: Map<string, string[]>;
}

/** One thing that the report of a conversion says. */
export interface Note {
  /** `lost`: not converted. `changed`: it means something else now. `differs`: what holds where neither file says anything. */
  readonly kind: "lost" | "changed" | "differs";
  readonly origin?: Origin;
  readonly message: string;
}

/** Stands for the place above the table itself, and for the one behind its last key. */
export const ABOVE = "\0above";
export const BEHIND = "\0behind";

/** Comments travel with the table that they stand in, and are not in the way of who reads its keys. */
const COMMENTS = Symbol("comments");

/** Puts a comment above `key` of `table`, or at one of the two places beside its keys. It may have several lines. */
export function comment(table: DraftTable, key: string, text: string): void {
  // A table that was spread into another shares its comments until one of them gets more.
  const all = new Map(table[COMMENTS]);
  const before = all.get(key) ?? [];
  const lines = text.split(/\r\n?|\n/).map((line) => line.replace(/(?!\t)[\p{Cc}\p{Cs}]/gu, "?").trimEnd());
  if (`\n${before.join("\n")}\n`.includes(`\n${lines.join("\n")}\n`)) return; // said already
  all.set(key, [...before, ...lines]);
  table[COMMENTS] = all;
}

/** The lines of the comment at a place; none where there is no comment. */
export function commentsAt(table: DraftTable, key: string): readonly string[] {
  return table[COMMENTS]?.get(key) ?? [];
}

/** Whether comments stand between the keys of `table`, or in what is below it. */
export function hasComments(value: DraftValue): boolean {
  if (!isDraftTable(value)) return Array.isArray(value) && value.some(isCommented);
  const own = [...(value[COMMENTS]?.keys() ?? [])].some((key) => key !== ABOVE);
  return own || Object.values(value).some((item) => item !== undefined && isCommented(item));
}

/** The same, and those above it. */
function isCommented(value: DraftValue): boolean {
  return hasComments(value) || (isDraftTable(value) && commentsAt(value, ABOVE).length > 0);
}

export function isDraftTable(value: DraftValue): value is DraftTable {
  return typeof value === "object" && !Array.isArray(value);
}

/** A text of a foreign config that stands as it is: what our readers would take for a variable is escaped. */
export function literal(text: string): string {
  return text.replaceAll("${", () => "$${");
}

/** A native config that is made from a foreign one, with comments at its places and the notes of what changed on the way. */
export class Draft {
  /** Keys as files write them; the writers keep their order. */
  readonly data: DraftTable = {};
  readonly #notes = new Map<string, Note>();

  /** Everything that is to be said, each once. */
  get notes(): readonly Note[] {
    return [...this.#notes.values()];
  }

  /** Whether something is not converted. */
  get incomplete(): boolean {
    return this.notes.some(({ kind }) => kind === "lost");
  }

  /** Says that what stands at `origin` is not converted, as a comment in `table` and in the report. */
  lose(origin: Origin, why: string, table: DraftTable = this.data, key: string = BEHIND): void {
    comment(table, key, `NOT CONVERTED: ${origin.text}\n  ${origin.file}:${origin.line}: ${why}`);
    this.#note({ kind: "lost", origin, message: why });
  }

  /** The same for what was made of the source already, and cannot stay. */
  drop(what: string, why: string, table: DraftTable, key: string = BEHIND): void {
    comment(table, key, `NOT CONVERTED: ${what}\n  ${why}`);
    this.#note({ kind: "lost", message: `${what}: ${why}` });
  }

  /** Says that it means something else now; as a comment too where a table is given. */
  change(origin: Origin, how: string, table?: DraftTable, key: string = BEHIND): void {
    if (table !== undefined) comment(table, key, `${origin.file}:${origin.line}: ${how}`);
    this.#note({ kind: "changed", origin, message: how });
  }

  /** Says what holds here where it did not there, though no line speaks of it. */
  differ(message: string): void {
    this.#note({ kind: "differs", message });
  }

  #note(note: Note): void {
    const { origin } = note;
    this.#notes.set(
      JSON.stringify([note.kind, origin?.file, origin?.line, origin?.column, note.message]),
      note,
    );
  }
}
