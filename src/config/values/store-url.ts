import { parsed } from "./value-types.ts";

/** Where a Redis is. */
export interface StoreUrl {
  readonly url: string;
  /** The same without user and password, for people. */
  readonly shown: string;
}

const FORM = 'the URL of a Redis, such as "redis://10.0.0.5:6379/0" or "rediss://user:password@host"';

/** The URL of a Redis; `rediss` is with TLS. No message repeats it, as it may hold a password. */
export const storeUrl = parsed(FORM, parseStoreUrl, /^[rR][eE][dD][iI][sS]{1,2}:\/\/[^?#\s]+$/);

function parseStoreUrl(text: string): StoreUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits = url !== undefined && /^rediss?:$/.test(url.protocol) && url.hostname !== "" &&
    /^\/?\d*$/.test(url.pathname) && url.search === "" && url.hash === "";
  if (!fits) throw new RangeError(`is no such URL; accepted: ${FORM}`);
  return { url: text, shown: `${url.protocol}//${url.host}${url.pathname}` };
}
