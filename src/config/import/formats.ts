import { basename } from "node:path";
import { readConfig } from "../read.ts";
import type { Draft } from "./draft.ts";
import { converterOf } from "./convert-drop-in.ts";
import { convertCaddyfile } from "./caddy/convert.ts";
import { convertHaproxy } from "./haproxy/convert.ts";
import { convertNginx } from "./nginx/convert.ts";
import { settle } from "./settle.ts";

/** Foreign configs that can be converted, each by what reads a file of it. */
export const FOREIGN_FORMATS = {
  nginx: (path) => settle(convertNginx(path)),
  haproxy: (path) => settle(convertHaproxy(path)),
  caddy: (path) => settle(convertCaddyfile(path)),
  pyhaproxy: converterOf("pyhaproxy"),
  "http-proxy-lb": converterOf("http-proxy-lb"),
  "reverse-proxy": converterOf("reverse-proxy"),
} as const satisfies Readonly<Record<string, (path: string) => Draft>>;

/** Name of a foreign format. */
export type ForeignFormat = keyof typeof FOREIGN_FORMATS;

/** The format of a file by its name and, where that does not say, by its text; undefined where nothing speaks for one. */
export function guessFormat(path: string, text: string): ForeignFormat | undefined {
  const name = basename(path).toLowerCase();
  if (/\.(?:toml|ya?ml|json)$/.test(name)) return dropInFormat(path, text);
  if (name.includes("nginx")) return "nginx";
  if (name.includes("caddy")) return "caddy";
  if (name.endsWith(".cfg") || name.includes("haproxy")) return "haproxy";
  if (/^\s*(?:http|server|upstream|events|stream)\b[^\n;]*\{/m.test(text) && text.includes(";")) {
    return "nginx";
  }
  if (/^(?:frontend|backend|listen)[ \t]+\S+[ \t]*(?:#.*)?$/m.test(text)) return "haproxy";
  return /^\s*(?:reverse_proxy|respond|handle|encode|redir)\s/m.test(text) ? "caddy" : undefined;
}

function dropInFormat(file: string, text: string): ForeignFormat | undefined {
  const format = readConfig({ file, text }).readAs?.format;
  return format as ForeignFormat | undefined; // each of those that run as they are can be converted
}
