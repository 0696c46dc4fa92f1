import { z } from "zod";
import { list, wants, wholeNumber } from "./value-types.ts";
import { refuseValue } from "../problems/wording.ts";
import { writtenAs } from "./written.ts";

/** What `parseStatuses` accepts, in words, for error messages. */
const STATUSES_FORM =
  'a status such as 200, a class such as "2xx", a range such as "200-399", or a list of such';

/** A range of statuses, both ends included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** Reads `200`, `2xx` or `200-399`; undefined where `text` is none. */
export function parseStatuses(text: string): StatusRange | undefined {
  const [, hundreds, first, last] = /^(?:([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?)$/.exec(text) ?? [];
  if (hundreds !== undefined) return { from: Number(hundreds) * 100, to: Number(hundreds) * 100 + 99 };
  if (first === undefined) return undefined;
  const range = { from: Number(first), to: Number(last ?? first) };
  return range.from <= range.to ? range : undefined;
}

/** One of those, apart from the order of a range. */
const STATUS = /^(?:[1-5]xx|[1-5]\d\d(?:-[1-5]\d\d)?)$/;

const status = writtenAs(
  z.union([z.number(), z.string()], wants(STATUSES_FORM)).transform((written, context) => {
    const found = parseStatuses(String(written));
    if (found !== undefined) return found;
    context.addIssue(refuseValue(written, STATUSES_FORM));
    return z.NEVER;
  }),
  { either: [wholeNumber(100, 599), z.string().regex(STATUS, wants(STATUSES_FORM))] },
);

const toList = (written: unknown) => Array.isArray(written) ? written : [written];

/** One of these, or a list of them. */
export const statusesSchema = writtenAs(z.preprocess(toList, z.array(status)), {
  either: [status, z.array(status)],
});

/** The same, and not an empty list. */
export const someStatusesSchema = writtenAs(z.preprocess(toList, list(status, STATUSES_FORM, 1)), {
  either: [status, list(status, STATUSES_FORM, 1)],
});

/** Whether one of `ranges` holds `status`. */
export function includesStatus(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to);
}
