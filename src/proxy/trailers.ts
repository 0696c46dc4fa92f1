import type { FieldName } from "../http/field-name.ts";
import type { DropsField } from "../http1/encode.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { type IdentityPolicy, isIdentity } from "./identity.ts";

/**
 * Which trailer fields of a request never reach a server: what may not be said in its head may not be said after its
 * body either. Programs that merge the two (RFC 9110 §6.5.1) would believe it.
 */
export function droppedTrailers({ transparent, aliases }: IdentityPolicy): DropsField | undefined {
  if (transparent) return aliases === "keep" ? undefined : isAlias;
  return aliases === "keep" ? saysWho : isAliasOrSaysWho;
}

/** The same for one request, whose route and whose stages may have a say in it. */
export function droppedTrailersOf(
  { exchange }: Pick<IncomingRequest, "exchange">,
  { edits, policy }: { edits: { readonly dropsTrailer: DropsField } | undefined; policy: IdentityPolicy },
): DropsField | undefined {
  return eitherDrops(edits?.dropsTrailer ?? droppedTrailers(policy), exchange.ownFields);
}

/** Both together. */
export function eitherDrops(a: DropsField | undefined, b: DropsField | undefined): DropsField | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (kind) => a(kind) || b(kind);
}

function isAlias({ alias }: FieldName): boolean {
  return alias;
}

function saysWho({ role }: FieldName): boolean {
  return isIdentity(role);
}

function isAliasOrSaysWho(kind: FieldName): boolean {
  return kind.alias || isIdentity(kind.role);
}
