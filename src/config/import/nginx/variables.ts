import { literal } from "../draft.ts";

/** What our templates call a variable of nginx. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  host: "{host}",
  http_host: "{host}",
  remote_addr: "{client}",
  realip_remote_addr: "{client}",
  scheme: "{scheme}",
  request_method: "{method}",
  uri: "{path}",
  document_uri: "{path}",
  request_uri: "{uri}",
  args: "{query}",
  query_string: "{query}",
  request_id: "{request_id}",
};

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g;

/** Names of the variables in a text. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)].map((match) => match[1] ?? match[2]!);
}

/** A text with variables as one of our templates; undefined where it holds what those cannot say. */
export function toTemplate(text: string): string | undefined {
  // The target as it came is what these three are together.
  const whole = text.replaceAll(
    /\$(?:\{uri\}|uri)\$(?:\{is_args\}|is_args)\$(?:\{args\}|args)\b/g,
    "$request_uri",
  );
  if (variablesIn(whole).some((name) => !Object.hasOwn(PLACEHOLDERS, name))) return undefined;
  if (/\{[a-z_]+\}/.test(whole.replaceAll(VARIABLE, ""))) return undefined;
  if (!/^[ -~]*$/.test(whole) || whole.trim() !== whole) return undefined;
  return whole.split(VARIABLE).map((part, i) =>
    i % 3 === 0 ? literal(part ?? "") : PLACEHOLDERS[part ?? ""] ?? ""
  ).join("");
}
