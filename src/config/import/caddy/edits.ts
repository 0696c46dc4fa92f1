import type { DraftTable } from "../draft.ts";
import type { Edit } from "../step.ts";
import { fromPlaceholders } from "./placeholders.ts";
import type { CaddyDirective } from "./parse.ts";

/** A change, none because Sluice does so of itself, or why it is not converted. */
export type CaddyEdit = Edit | "needless" | { readonly why: string; readonly edit?: Edit };

const RESERVED =
  /^(?:host|connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|cdn-loop|forwarded|via|x-forwarded-(?:for|host|proto)|x-real-ip|x-request-id)$/i;
const RESERVED_IN_ANSWERS =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|via)$/i;

/** What Sluice sends of itself, by name and value. */
const OWN: Readonly<Record<string, RegExp>> = {
  "host": /^\{(?:host|hostport|http\.request\.host(?:port)?)\}$/,
  "x-real-ip": /^\{(?:remote_host|client_ip|http\.request\.remote\.host)\}$/,
  "x-forwarded-for": /^\{(?:remote_host|client_ip|http\.request\.remote\.host)\}$/,
  "x-forwarded-proto": /^(?:\{(?:scheme|http\.request\.scheme)\}|http)$/,
  "x-forwarded-host": /^\{(?:host|hostport|http\.request\.host(?:port)?)\}$/,
  "x-forwarded-port": /^\{(?:server_port|http\.request\.port|port)\}$/,
  "x-request-id": /^\{http\.request\.uuid\}$/,
};

/** The lines of `header` and its kin: one on the line itself, or those of its block. */
export function fieldLines({ args, block, origin }: CaddyDirective): CaddyDirective[] {
  if (block === undefined) return args.length === 0 ? [] : [{ name: args[0]!, args: args.slice(1), origin }];
  return block.filter(({ name }) => name !== "defer" && name !== "match");
}

/** Reads `[+-?>]Field [value]`, for requests or for answers. */
export function headerEdit({ name: written, args }: CaddyDirective, side: "request" | "response"): CaddyEdit {
  const [, sign = "", name = ""] = /^([+\-?>]?)(.+)$/.exec(written) ?? [];
  if (sign === "?") return { why: "Sluice sets a field, or leaves it" };
  if (name.includes("*")) return { why: "fields are named whole" };
  if (args.length > 1) return { why: "values are not replaced in part" };
  const value = args[0] ?? "";
  if (side === "request" && sign !== "-" && OWN[name.toLowerCase()]?.test(value) === true) return "needless";
  if ((side === "request" ? RESERVED : RESERVED_IN_ANSWERS).test(name)) {
    return { why: "Sluice alone says this" };
  }
  if (sign === "-") return (action) => change(action, { side, kind: "remove", name, value });
  const template = fromPlaceholders(value);
  if (template === undefined) {
    const why = "its value holds what no template of Sluice can say";
    if (side !== "request" || sign === "+") return { why };
    // What the client says of it would pass for what was set.
    return {
      why: `${why}; what clients send of it is taken out`,
      edit: (action) => change(action, { side, kind: "remove", name, value }),
    };
  }
  return (action) => change(action, { side, kind: sign === "+" ? "add" : "set", name, value: template });
}

function change(
  action: DraftTable,
  { side, kind, name, value }: {
    side: "request" | "response";
    kind: "set" | "add" | "remove";
    name: string;
    value: string;
  },
): void {
  if (!("backend" in action)) {
    return side === "request" || kind === "remove" ? undefined : onOwnAnswer(action, kind, name, value);
  }
  const key = `${side}_headers`;
  const edits: DraftTable = { ...action[key] as DraftTable };
  action[key] = edits;
  if (kind === "remove") {
    const names = edits["remove"] as string[] | undefined;
    edits["remove"] = [...names ?? [], name];
  } else edits[kind] = withLine(edits[kind] as DraftTable | undefined, kind, name, value);
}

/** An answer of our own has its fields beside it; a redirect with some is such an answer. */
function onOwnAnswer(action: DraftTable, kind: "set" | "add", name: string, value: string): void {
  const { redirect } = action;
  if (redirect !== undefined) {
    const { to, status } = typeof redirect === "string"
      ? { to: redirect, status: 302 }
      : redirect as DraftTable;
    delete action["redirect"];
    action["respond"] = { status, headers: { Location: to } };
  }
  const respond: DraftTable = { ...action["respond"] as DraftTable };
  action["respond"] = respond;
  if (/^content-type$/i.test(name)) respond["content_type"] = value;
  else respond["headers"] = withLine(respond["headers"] as DraftTable | undefined, kind, name, value);
}

function withLine(
  lines: DraftTable | undefined,
  kind: "set" | "add",
  name: string,
  value: string,
): DraftTable {
  const before = kind === "add" ? lines?.[name] as string | string[] | undefined : undefined;
  return { ...lines, [name]: before === undefined ? value : [before, value].flat() };
}

/** Puts keys into what leads to a backend; those of the path as far as they go with what is there. */
export function pathEdit(keys: DraftTable): Edit {
  return (action) => {
    if (!("backend" in action)) return;
    const before = action["strip_prefix"];
    Object.assign(action, keys);
    const { strip_prefix: stripped } = keys;
    if (typeof before === "string" && typeof stripped === "string") {
      action["strip_prefix"] = before + stripped;
    }
  };
}
