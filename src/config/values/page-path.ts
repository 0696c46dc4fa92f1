import { parsed } from "./value-types.ts";
import { refuseValue } from "../problems/wording.ts";

const PATH_FORM = 'a path that starts with "/", without query';

/** Path of a page that frontends answer themselves; compared as a whole. */
export const pagePath = parsed(PATH_FORM, (text) => {
  if (/^\/[^?#\s\p{Cc}]*$/u.test(text)) return text;
  throw new RangeError(refuseValue(text, PATH_FORM));
});
