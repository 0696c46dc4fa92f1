import { extname } from "node:path";
import { z } from "zod";
import { PROXY_ERROR_KINDS, statusOf } from "../../base/errors.ts";
import { parsed, wants } from "../values/value-types.ts";
import { readAnswerFile } from "../values/answer-file.ts";
import { refuseValue } from "../problems/wording.ts";
import { writtenAs } from "../values/written.ts";

const PAGE_FORM = "the path of a .html, .json or .txt file of at most 1 MiB";
/** No page is read for it: it is for the log alone. */
const OF_LOG = 499;
/** Every status that an error is answered with. */
const STATUSES: ReadonlySet<string> = new Set([
  "4xx",
  "5xx",
  ...PROXY_ERROR_KINDS.map(statusOf).filter((status) => status !== OF_LOG).sort().map(String),
]);
const STATUS_FORM = `a status that errors are answered with: ${[...STATUSES].join(", ")}`;

const TYPES: ReadonlyMap<string, string> = new Map([
  [".html", "text/html"],
  [".json", "application/json"],
  [".txt", "text/plain"],
]);

/**
 * Own pages for errors that the proxy answers: by status the path of a file, as seen from the working directory, read
 * at load as its type and text. Statuses before their class.
 */
export const errorPagesSchema = z.record(
  writtenAs(z.string().refine((status) => STATUSES.has(status), wants(STATUS_FORM)), {
    either: [...STATUSES],
  }),
  parsed(PAGE_FORM, readPage, /\.(?:[hH][tT][mM][lL]|[jJ][sS][oO][nN]|[tT][xX][tT])$/),
  wants("a table of files by status"),
);

function readPage(path: string): { type: string; text: string } {
  const type = TYPES.get(extname(path).toLowerCase());
  if (type === undefined) throw new RangeError(refuseValue(path, PAGE_FORM));
  return { type, text: new TextDecoder().decode(readAnswerFile(path, PAGE_FORM)) };
}
