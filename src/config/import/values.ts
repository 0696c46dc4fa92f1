import { isAuthority, splitAuthority } from "../../http/authority.ts";
import { parseBind } from "../values/bind.ts";
import { refuseValue } from "../problems/wording.ts";
import { parsed } from "../values/value-types.ts";

const ADDRESS_FORM = '"host:port" or "[v6]:port"';

/** An address to listen on, as it is written. */
export const listenAddress = parsed(ADDRESS_FORM, (text) => {
  try {
    if (parseBind(text).kind === "tcp") return text;
  } catch {
    // Said below, in the words of the format.
  }
  throw new RangeError(refuseValue(text, ADDRESS_FORM));
});

/** An address of a server, as it is written. */
export const serverAddress = parsed(ADDRESS_FORM, (text) => {
  if (isAuthority(text) && (splitAuthority(text).port ?? 0) > 0) return text;
  throw new RangeError(refuseValue(text, ADDRESS_FORM));
});

/** The longest time in seconds that these formats may ask for: a day. */
export const MAX_SECONDS = 86_400;
