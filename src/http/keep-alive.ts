import { ROLE } from "./field-name.ts";
import type { Fields } from "./fields.ts";

/**
 * How long a server says it keeps an unused connection (`Keep-Alive: timeout=5`), in milliseconds, less a second
 * for the way; Infinity where it says nothing.
 */
export function keepAliveHint(fields: Fields): number {
  const value = fields.mayHave(ROLE.keepAlive) ? fields.get("keep-alive") : undefined;
  const seconds = value === undefined ? undefined : /(?:^|[,\s])timeout=(\d{1,7})/i.exec(value)?.[1];
  return seconds === undefined ? Infinity : Math.max(1, Number(seconds) * 1000 - 1000);
}
