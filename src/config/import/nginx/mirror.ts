import type { DraftTable } from "../draft.ts";
import type { Location } from "./location.ts";
import { fillProxyPass, type ProxyParts } from "./proxy-pass.ts";
import type { Scope } from "./scope.ts";

/** `mirror /path`, where that location sends what came on to servers. */
export function fillMirror(
  action: DraftTable,
  scope: Scope,
  { parts, locations }: { parts: ProxyParts; locations: readonly Location[] },
): void {
  const said = scope.find("mirror");
  if (said === undefined || said.args[0] === "off") return;
  const location = locations.find(({ kind, path }) =>
    path === said.args[0] && (kind === "exact" || kind === "prefix")
  );
  const pass = location?.scope.own.find(({ name }) => name === "proxy_pass");
  const copy: DraftTable = {};
  if (location === undefined || pass === undefined || !/\$request_uri$/.test(pass.args[0] ?? "")) {
    return parts.draft.lose(
      said.origin,
      "copies go on as they came: proxy_pass http://…$request_uri there",
      action,
    );
  }
  if (!fillProxyPass(copy, pass, { scope: location.scope, taken: { kind: "named", path: "" }, parts })) {
    return;
  }
  action["mirror"] = { backend: copy["backend"] };
}
