import { refuseValue } from "../problems/wording.ts";
import { parsed } from "./value-types.ts";

const PREFIX_FORM = 'a path that starts with "/", in ASCII, without query, fragment and white space';
const TARGET_FORM = 'a path that starts with "/", with a query if need be';
const TARGET = /^\/[!-"$-~]*$/;
const PAGE = /^\/[^?#\s\p{Cc}]*$/u;
const PAGE_FORM = 'a path that starts with "/", without query';

/** What a path starts with. A star at its end is refused: many programs take it for "anything", here it would be a letter. */
export const pathPrefix = parsed(PREFIX_FORM, (prefix) => {
  const near = starless(prefix);
  if (near !== undefined) {
    throw new RangeError(refuseValue(prefix, "the prefix alone, which takes what is below it", near));
  }
  if (/^\/[!"$->@-~]*$/.test(prefix)) return prefix; // ASCII: the head of a request holds bytes
  throw new RangeError(refuseValue(prefix, PREFIX_FORM));
}, /^\/(?:[!"$->@-~]*[!"$-)+->@-~])?$/);

/** The prefix that other programs mean by a path with a star at its end; undefined for a path without one. */
export function starless(path: string): string | undefined {
  if (!/^\/.*\*$/s.test(path)) return undefined;
  return path.replace(/\/?\*{1,2}$/, "") || "/";
}

/** A path, with a query if need be. */
export const target = parsed(TARGET_FORM, (written) => {
  if (TARGET.test(written)) return written;
  throw new RangeError(refuseValue(written, TARGET_FORM));
}, TARGET);

/** Path of a page that frontends answer themselves; compared as a whole. */
export const pagePath = parsed(PAGE_FORM, (text) => {
  if (PAGE.test(text)) return text;
  throw new RangeError(refuseValue(text, PAGE_FORM));
}, PAGE);
