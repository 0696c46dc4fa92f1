import type { Draft, DraftTable } from "../draft.ts";
import type { Directive } from "./parse.ts";
import { fillRates } from "./rates.ts";
import type { Scope } from "./scope.ts";
import { nginxBytes } from "./units.ts";
import { formatSize } from "../../../base/units.ts";

/** What nginx takes of a body where nothing is said. */
const BODY_BYTES = 1024 ** 2;

/** Everybody: where what lets some in is not converted, nobody gets in. */
const EVERYBODY = ["0.0.0.0/0", "::/0", "unix"];

/** The bound of request bodies that holds in `scope`, in bytes; 0 is none. */
export function bodyLimit(scope: Scope): number {
  return nginxBytes(scope.find("client_max_body_size")?.args[0] ?? "") ?? BODY_BYTES;
}

/** Puts the bound of bodies into `table` where it is another one than the frontend's. */
export function fillBodyLimit(table: DraftTable, scope: Scope, frontendBytes: number | undefined): void {
  const bytes = bodyLimit(scope);
  if (bytes === (frontendBytes ?? 0)) return;
  table["request_body_limit"] = bytes === 0 ? false : formatSize(bytes);
}

/** What lets some in by ways that are not converted; "off" is none. */
const DOORS = [
  "auth_request",
  "auth_jwt",
  "auth_digest",
  "auth_pam",
  "auth_ldap",
  "ssl_verify_client",
  "access_by_lua_block",
  "access_by_lua_file",
];

/** Who may, and how much of it: `allow`, `deny`, `auth_basic`, `limit_req` and `limit_conn`. */
export function fillLimits(action: DraftTable, scope: Scope, draft: Draft): void {
  fillAccess(action, scope, draft);
  fillAuth(action, scope, draft);
  const doors = DOORS.map((name) => scope.find(name)).filter((door) =>
    door !== undefined && !/^(?:off|optional|optional_no_ca)$/.test(door.args[0] ?? "")
  );
  if (doors.length > 0) closeTo(action);
  fillRates(action, scope, draft);
}

/** The first of `allow` and `deny` that fits decides with nginx; ours lets in what is allowed and not denied. */
function fillAccess(action: DraftTable, scope: Scope, draft: Draft): void {
  const rules = scope.findAll(["allow", "deny"]);
  if (rules.length === 0) return;
  const all = rules.findIndex(({ args }) => args[0] === "all");
  const before = all === -1 ? rules : rules.slice(0, all);
  const closes = all !== -1 && rules[all]!.name === "deny";
  const allow = before.filter(({ name }) => name === "allow");
  const deny = before.filter(({ name }) => name === "deny");
  // What is denied before it is allowed is denied with us; what is allowed first is not.
  const torn = before.find(({ name }, i) =>
    name === "deny" && before.slice(0, i).some((earlier) => earlier.name === "allow")
  );
  if (torn !== undefined) {
    draft.lose(torn.origin, "it holds for what is allowed before it as well", action, "access");
  }
  if (closes && allow.length === 0) action["access"] = { deny: EVERYBODY };
  else {
    const access: DraftTable = {};
    if (closes) access["allow"] = addresses(allow);
    if (deny.length > 0) access["deny"] = addresses(deny);
    if (Object.keys(access).length > 0) action["access"] = access;
  }
}

function addresses(rules: readonly Directive[]): string[] {
  return rules.map(({ args }) => args[0] === "unix:" ? "unix" : args[0]!);
}

/** Hashes of htpasswd files are none of ours, and without passwords nobody is let in. */
function fillAuth(action: DraftTable, scope: Scope, draft: Draft): void {
  const auth = scope.find("auth_basic");
  if (auth === undefined || auth.args[0] === "off") return;
  const realm = JSON.stringify(auth.args[0]);
  draft.lose(
    scope.find("auth_basic_user_file")?.origin ?? auth.origin,
    `its hashes are none that Sluice checks, so nobody is let in. To mend it: auth = { basic = { realm = ${realm}, users = ` +
      '{ name = "what sluice hash-password prints" } } }, and deny without its last three',
    action,
    "access",
  );
  closeTo(action);
}

/** Nobody is let in. */
function closeTo(action: DraftTable): void {
  const before = action["access"] as DraftTable | undefined;
  const denied = before?.["deny"] === undefined ? [] : before["deny"] as string[];
  action["access"] = { ...before, deny: [...new Set([...denied, ...EVERYBODY])] };
}
