import { isIP } from "node:net";
import { isAuthority, splitAuthority } from "../../http/authority.ts";
import { list, parsed, positiveDuration } from "../values/value-types.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";

const DNS_SERVER_FORM = 'an IP address, with a port if need be, such as "10.0.0.2" or "[fd00::2]:5353"';

const dnsServer = parsed(DNS_SERVER_FORM, (text) => {
  const written = isIP(text) === 6 ? `[${text}]` : text;
  if (isAuthority(written) && isIP(splitAuthority(written).host) !== 0) return written;
  throw new RangeError(refuseValue(text, DNS_SERVER_FORM));
}, /^(?:[\d.]+(?::\d{1,5})?|[\da-fA-F:.]+|\[[\da-fA-F:.]+\](?::\d{1,5})?)$/);

/** How the names of servers are looked up. */
export const resolverSchema = section({
  /** DNS servers to ask; with none the system is asked, its hosts file included. */
  servers: list(dnsServer, "a list of DNS servers").prefault([]),
  /** Time for one question to one DNS server. */
  timeout: positiveDuration.prefault("2s"),
});
