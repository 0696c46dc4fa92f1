import { readFileSync, statSync } from "node:fs";
import { refuseValue } from "../problems/wording.ts";

/** Bytes of a file that an answer is made of. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * The bytes of the file at `path`, as seen from the working directory, which is to be a plain file of at most
 * `MAX_ANSWER_BYTES`. Throws a `RangeError` that says what is wrong and what is `accepted`.
 */
export function readAnswerFile(path: string, accepted: string): Uint8Array<ArrayBuffer> {
  try {
    const found = statSync(path); // before it is opened: a pipe would hold everything up
    if (!found.isFile()) throw new RangeError(cannotBeRead(path, "no plain file", accepted));
    if (found.size > MAX_ANSWER_BYTES) throw new RangeError(refuseValue(path, accepted));
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new RangeError(cannotBeRead(path, code, accepted), { cause: error });
  }
}

function cannotBeRead(path: string, why: string | undefined, accepted: string): string {
  return `is ${JSON.stringify(path)}, which cannot be read (${why}); accepted: ${accepted}`;
}
