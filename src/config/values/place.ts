import { refuseValue } from "../problems/wording.ts";
import { parseServerUrl } from "../sections/server.ts";

/** What `parsePlace` accepts, in words. */
export const PLACE_FORM = '"http://host:port/path" or "https://…", port and path optional';

/** What one looks like. */
export const PLACE = /^[hH][tT][tT][pP][sS]?:\/\/[^/?#\\\s@]+(?:[/?][^#\\\s]*)?$/;

/** Where something is asked for. */
export interface PlaceAddress {
  /** `https://host:port`. */
  readonly origin: string;
  /** Path and query. */
  readonly target: string;
}

/** Parses the URL of something to ask for. Throws a `RangeError`. */
export function parsePlace(text: string): PlaceAddress {
  const [, origin, rest = ""] = /^(https?:\/\/[^/?#\\\s]+)([^#\\\s]*)$/i.exec(text) ?? [];
  if (origin === undefined || !URL.canParse(text)) throw new RangeError(refuseValue(text, PLACE_FORM));
  const { pathname, search } = new URL(text);
  return { origin: parseServerUrl(origin).url, target: rest === "" ? "/" : pathname + search };
}
