import { ProxyError, type ProxyErrorKind } from "../base/errors.ts";
import { hasMoreMembers, listMembers } from "./list.ts";
import { type FieldName, fieldName, ROLE } from "./field-name.ts";
import type { Fields } from "./fields.ts";

/** Options that Connection may list: more than anybody means, and few enough to be read more than once. */
const MAX_OPTIONS = 128;

/**
 * Refuses a message whose Connection lists more than `MAX_OPTIONS`, empty members included. RFC 9110 §5.6.1.2 wants those
 * ignored, up to a reasonable number.
 * @throws {ProxyError} of the kind `blame`.
 */
export function checkConnection(fields: Fields, blame: ProxyErrorKind): void {
  const { connection } = fields;
  if (connection !== undefined && hasMoreMembers(connection, MAX_OPTIONS)) {
    throw new ProxyError(blame, `Connection lists more than ${MAX_OPTIONS} options`);
  }
}

/**
 * What a peer cannot make the proxy drop by naming it in `Connection`: the fields that say who the client is
 * and what the message is. Otherwise `Connection: X-Forwarded-For` would forge an address and
 * `Connection: Authorization` would remove a credential on its way (CVE-2024-45410 and its kind).
 */
const NEVER_NOMINATED =
  /^(?:host|authorization|cookie|set-cookie|forwarded|via|cdn-loop|date|content-.*|x-forwarded-.*|x-real-ip|x-request-id|proxy-status)$/;

/**
 * The names that `Connection` nominates beyond the well-known ones, or undefined where there are none
 * (RFC 9110 §7.6.1: a proxy removes the fields that `Connection` names).
 */
export function nominatedNames(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || isCommon(connection)) return undefined;
  const names = listMembers(connection).filter((name) => !NEVER_NOMINATED.test(name));
  return names.length > 0 ? new Set(names) : undefined;
}

/** Takes the names that `protects` says so of out of what `Connection` nominates, in place. */
export function keepFromConnection(fields: Fields, protects: (kind: FieldName) => boolean): void {
  if (nominatedNames(fields.connection) === undefined) return;
  fields.mapValues(
    ROLE.connection,
    (value) => listMembers(value).filter((name) => !protects(fieldName(name))).join(", "),
  );
}

/** Whether `Connection` lists `option`, given in lower case. */
export function hasConnectionOption(connection: string | undefined, option: string): boolean {
  if (connection === undefined) return false;
  return isCommon(connection)
    ? connection.toLowerCase() === option
    : listMembers(connection).includes(option);
}

/** Whether a TE says that its sender takes trailer fields (RFC 9110 §10.1.4). */
export function takesTrailers(te: string): boolean {
  return te === "trailers" || TRAILERS.test(te);
}

/** The member `trailers` of a list. */
const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i;

function isCommon(connection: string): boolean {
  return connection === "keep-alive" || connection === "close" || connection === "Keep-Alive" ||
    connection === "Upgrade" || connection === "upgrade";
}
