import { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { choice, list, parsed, size, trueOr, wants, wholeNumber } from "../values/value-types.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

/** Content codings that answers may get, the liked ones first. */
const CODINGS = ["zstd", "br", "gzip"] as const;

/** The name of a content coding. */
export type CodingName = typeof CODINGS[number];

/** What is text, or nearly so. Images, sound, archives and web fonts are compressed already. */
const TYPES = [
  "text/*",
  "application/*+json",
  "application/*+xml",
  "application/atom+xml",
  "application/graphql",
  "application/javascript",
  "application/json",
  "application/rtf",
  "application/toml",
  "application/vnd.ms-fontobject",
  "application/wasm",
  "application/x-javascript",
  "application/x-ndjson",
  "application/x-sh",
  "application/xml",
  "application/yaml",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/svg+xml",
  "image/vnd.microsoft.icon",
  "image/x-icon",
];

const ALGORITHMS_FORM = 'a list of "zstd", "br" and "gzip", each once';
const TYPE_FORM = 'a media type such as "text/html", "text/*" or "application/*+json"';

const type = parsed(TYPE_FORM, (written) => {
  const lower = written.toLowerCase();
  if (/^[a-z0-9!#$&^_.+-]+\/(?:\*|(?:\*\+)?[a-z0-9!#$&^_.+-]+)$/.test(lower)) return lower;
  throw new RangeError(refuseValue(written, TYPE_FORM));
}, /^[A-Za-z0-9!#$&^_.+-]+\/(?:\*|(?:\*\+)?[A-Za-z0-9!#$&^_.+-]+)$/);

/** Which answers are compressed on their way to clients that take that. */
export const compressSchema = trueOr(
  section({
    /** Codings that answers may get; of those that a client likes equally, the first. */
    algorithms: writtenAs(
      list(choice(CODINGS), ALGORITHMS_FORM, 1)
        .refine((names) => new Set(names).size === names.length, wants(ALGORITHMS_FORM)),
      { rules: [{ uniqueItems: true }] },
    )
      .prefault([...CODINGS]),
    /** Answers that say that they are shorter are sent as they are. */
    min_size: size.prefault("1KiB"),
    /** Media types that are compressed. */
    types: list(type, `a list of media types, each ${TYPE_FORM}`, 1).prefault(TYPES),
    /** Answers that are compressed at a time in the whole process; further ones are sent as they are. */
    max_streams: wholeNumber(1).prefault(256),
    /** How much time is spent: more makes answers smaller. */
    levels: section({
      /** Level of gzip. */
      gzip: wholeNumber(1, 9).prefault(5),
      /** Quality of Brotli. */
      br: wholeNumber(0, 11).prefault(4),
      /** Level of Zstandard. */
      zstd: wholeNumber(1, 19).prefault(3),
    }).prefault({}),
  }),
  "true, or a table that says which answers are compressed",
);

export type CompressConfig = Frozen<z.output<typeof compressSchema>>;
