import { isLoopback } from "../../http/localhost.ts";
import { refuseValue } from "../problems/wording.ts";
import { DEFAULT_ADMIN_BIND } from "../sections/admin.ts";
import { asTable } from "../text/tables.ts";
import { parseBind } from "../values/bind.ts";
import type { ReferenceProblem } from "./action-references.ts";

/** Whether the listener for operators is only reached by those who may: from this machine, or with a token. */
export function checkAdmin(admin: unknown, problems: ReferenceProblem[]): void {
  const { bind = DEFAULT_ADMIN_BIND, token, token_file: file, pages_only: pagesOnly } = asTable(admin);
  if (token !== undefined && file !== undefined) {
    problems.push({
      path: ["admin", "token_file"],
      message: "stands beside token; accepted: one of the two",
    });
  }
  if (token !== undefined || file !== undefined || pagesOnly === true) return;
  if (typeof bind !== "string" || isOfThisMachine(bind)) return;
  const accepted =
    'an address of this machine, such as "127.0.0.1:9090", a unix socket, or token, token_file or pages_only with it';
  problems.push({ path: ["admin", "bind"], message: refuseValue(bind, accepted) });
}

function isOfThisMachine(bind: string): boolean {
  try {
    const address = parseBind(bind);
    return address.kind === "unix" || isLoopback(address.host);
  } catch {
    return true; // malformed: the schema says so
  }
}
