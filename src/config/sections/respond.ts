import { extname } from "node:path";
import { z } from "zod";
import { mediaTypeOf } from "../../http/media-type.ts";
import { parsed, wants, wholeNumber } from "../values/value-types.ts";
import { readAnswerFile } from "../values/answer-file.ts";
import type { Frozen } from "../freeze.ts";
import { headerLines, IN_ANSWERS } from "./header-edits.ts";
import { headerValue } from "../values/headers.ts";
import { section } from "./section.ts";
import { notBoth, writtenAs } from "../values/written.ts";

const MAX_BODY = 64 * 1024;
const BODY_FORM = "a text of up to 64 KiB";
const FILE_FORM = "the path of a file of at most 1 MiB";

/** A body that is written in the config. */
export const body = z.string(wants(BODY_FORM)).max(MAX_BODY, wants(BODY_FORM));

/** A file that is sent as it is. */
export const answerFile = parsed(FILE_FORM, readFile);

/** An answer of the proxy's own. */
export const respondSchema = writtenAs(
  section({
    /**
     * Status of the answer; 200 where nothing is said, or in `on_status` that of the answer in whose place it is.
     * @example 403
     */
    status: wholeNumber(200, 599).exactOptional(),
    /** What is sent. @example "gone" */
    body: body.exactOptional(),
    /**
     * What is sent in place of a body, as seen from the working directory; read when the config is loaded.
     * @example "pages/sorry.html"
     */
    file: answerFile.exactOptional(),
    /** Its media type; by the extension of the file where nothing is said, else text. @example "text/html" */
    content_type: headerValue.exactOptional(),
    /** Fields of the answer, each with a value or a list of them. @example { Cache-Control = "no-store" } */
    headers: headerLines(
      new Map([
        ...IN_ANSWERS,
        ["content-type", 'is set by the key "content_type"; accepted: any other header'],
      ]),
    ).exactOptional(),
  }).refine(({ body, file }) => body === undefined || file === undefined, {
    path: ["file"],
    error: "stands beside body; accepted: one of the two",
  }),
  { rules: [notBoth("body", "file")] },
);

export type RespondConfig = Frozen<z.output<typeof respondSchema>>;

function readFile(path: string): { type: string; bytes: Uint8Array<ArrayBuffer> } {
  return { type: mediaTypeOf(extname(path)), bytes: readAnswerFile(path, FILE_FORM) };
}
