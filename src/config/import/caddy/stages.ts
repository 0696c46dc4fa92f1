import type { Draft, DraftTable } from "../draft.ts";
import type { Edit } from "../step.ts";
import type { CaddyDirective } from "./parse.ts";
import { hasPlaceholders } from "./placeholders.ts";
import { caddySize } from "./units.ts";

const EVERYBODY = ["0.0.0.0/0", "::/0", "unix"];
const CODINGS = ["zstd", "br", "gzip"];

/** What requests pass before they are answered; undefined for other directives. */
export function readStage(
  { name, block = [], origin }: CaddyDirective,
  args: readonly string[],
  { draft, frontend }: { draft: Draft; frontend: DraftTable },
): Edit[] | undefined {
  if (name === "encode") {
    const compress = toCompress(block, args);
    return [(action) => void ("backend" in action && (action["compress"] = compress))];
  }
  if (name === "request_body") {
    const line = block.find((one) => one.name === "max_size");
    const size = caddySize(line?.args[0] ?? "");
    return size === undefined
      ? []
      : [(action) => void ("backend" in action && (action["request_body_limit"] = size))];
  }
  if (name === "basic_auth" || name === "basicauth") {
    draft.lose(
      origin,
      "its hashes are none that Sluice checks, so nobody is let in. To mend it, in place of access: auth = { basic = " +
        '{ users = { name = "what sluice hash-password prints" } } }',
      frontend,
    );
    return [(action) => void (action["access"] = { deny: EVERYBODY })];
  }
  if (name !== "forward_auth") return undefined;
  const forward = toForwardAuth(block, args);
  if (forward !== undefined) return [(action) => void (action["auth"] = { forward })];
  draft.lose(origin, "whom to ask is not plain, so nobody is let in: see auth in docs/stages.md", frontend);
  return [(action) => void (action["access"] = { deny: EVERYBODY })];
}

function toCompress(block: readonly CaddyDirective[], args: readonly string[]): DraftTable | boolean {
  const named = [...args, ...block.map(({ name }) => name)].map((word) => word === "brotli" ? "br" : word)
    .filter((word) => CODINGS.includes(word));
  const least = caddySize(block.find(({ name }) => name === "minimum_length")?.args[0] ?? "512");
  return { algorithms: named.length === 0 ? ["zstd", "gzip"] : [...new Set(named)], min_size: least };
}

function toForwardAuth(
  block: readonly CaddyDirective[],
  [address = ""]: readonly string[],
): DraftTable | undefined {
  const uri = block.find(({ name }) => name === "uri")?.args[0] ?? "/";
  const names = block.filter(({ name }) => name === "copy_headers").flatMap((
    { args, block: inner = [] },
  ) => [...args, ...inner.map(({ name }) => name)]);
  const plain = /^(?:https?:\/\/)?[\w.-]+(?::\d+)?$/.test(address) && /^\/[!-"$-~]*$/.test(uri);
  if (!plain || hasPlaceholders(uri) || names.some((name) => name.includes(">"))) return undefined;
  const url = `${/^https?:/.test(address) ? "" : "http://"}${address}${uri}`;
  return { url, ...(names.length > 0 && { copy_response_headers: names }) };
}
