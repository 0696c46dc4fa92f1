import { formatSize } from "../../../base/units.ts";
import type { Draft, DraftTable, DraftValue } from "../draft.ts";
import type { Scope } from "./scope.ts";
import { nginxBytes, toDuration } from "./units.ts";

/** Puts what `gzip` says into `table`, where it is something else than its frontend says already. */
export function fillCompress(table: DraftTable, scope: Scope, ofFrontend?: DraftValue): void {
  const compress = scope.isOn("gzip") ? toCompress(scope) : undefined;
  if (JSON.stringify(compress) !== JSON.stringify(ofFrontend)) table["compress"] = compress ?? false;
}

/** Puts `proxy_cache` into `action`. */
export function fillCache(action: DraftTable, scope: Scope, draft: Draft): void {
  const cache = scope.find("proxy_cache");
  if (cache === undefined || cache.args[0] === "off") return;
  const valid = scope.findAll(["proxy_cache_valid"]).find(({ args }) =>
    args.length === 1 || args.includes("200") || args.includes("any")
  );
  const ttl = toDuration(valid?.args.at(-1) ?? "");
  action["cache"] = ttl === undefined ? true : { default_ttl: ttl };
  draft.change(
    cache.origin,
    "the cache is in memory ([cache] size), and goes by RFC 9111 where servers say nothing else",
  );
}

/** nginx compresses text/html alone where it is not told more. */
function toCompress(scope: Scope): DraftTable {
  const types = scope.find("gzip_types")?.args ?? [];
  const bytes = nginxBytes(scope.find("gzip_min_length")?.args[0] ?? "") ?? 20;
  const level = Number(scope.find("gzip_comp_level")?.args[0] ?? 1);
  return {
    algorithms: ["gzip"],
    min_size: formatSize(Math.max(bytes, 1)),
    ...(!types.includes("*") && { types: [...new Set(["text/html", ...types])] }),
    levels: { gzip: Math.min(Math.max(level, 1), 9) },
  };
}
