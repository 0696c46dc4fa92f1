import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { parsed } from "./value-types.ts";

const TOKEN_FORM = "16 to 512 visible ASCII characters without spaces";
const FILE_FORM = `the path of a file with a token, ${TOKEN_FORM}`;
const TOKEN = /^[!-~]{16,512}$/;
/** Bytes of a file that holds one: more is another file. */
const MAX_FILE_BYTES = 4096;

/** A token as it is written; no message repeats it. */
export const adminToken = z.string({ error: `is no text; accepted: ${TOKEN_FORM}` })
  .regex(TOKEN, { error: `is no token; accepted: ${TOKEN_FORM}` });

/** The token in a file, as seen from the working directory; white space around it does not count. */
export const adminTokenFile = parsed(FILE_FORM, (path) => {
  let text: string;
  try {
    const found = statSync(path); // before it is opened: a pipe would hold everything up
    if (!found.isFile() || found.size > MAX_FILE_BYTES) {
      throw new RangeError(refused(path, "no file of a token"));
    }
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError(refused(path, String((error as NodeJS.ErrnoException).code)), { cause: error });
  }
  if (!TOKEN.test(text)) throw new RangeError(refused(path, "no token in it"));
  return text;
});

function refused(path: string, why: string): string {
  return `is ${JSON.stringify(path)}, which cannot be used (${why}); accepted: ${FILE_FORM}`;
}
