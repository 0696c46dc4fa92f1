import type { Fields } from "../http/fields.ts";
import type { Output } from "../http1/output.ts";

/**
 * Field lines that an answer gets behind its own. Who only adds some says so in place of an `AnswerEdit`: nobody has to look
 * at the others then, and they go on as the bytes that came.
 */
export interface AddedLines {
  /** Writes them down, each with its CRLF; more than once if need be. */
  write(output: Output): void;
  /** Puts them into `fields`, where somebody looks at those. */
  appendTo(fields: Fields): void;
}
