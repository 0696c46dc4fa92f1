import { parsed } from "./value-types.ts";
import { isHeaderValue } from "./headers.ts";
import { refuseValue } from "../problems/wording.ts";
import { suggest } from "../../base/suggest.ts";

/** What a template may be filled with. */
const PLACEHOLDERS = [
  "client",
  "host",
  "scheme",
  "method",
  "path",
  "query",
  "uri",
  "request_id",
] as const;

/** One of the facts about a request. */
export type Placeholder = typeof PLACEHOLDERS[number];

/** Texts with a placeholder between each two. */
export interface Template {
  readonly texts: readonly string[];
  readonly placeholders: readonly Placeholder[];
}

const TEMPLATE_FORM = "ASCII text without control characters, and without blanks around it";

/**
 * Parses a text with placeholders such as `{host}`; other braces are text. Throws a `RangeError`, without
 * the text, which may be a secret.
 */
function parseTemplate(written: string): Template {
  if (!isHeaderValue(written)) {
    throw new RangeError(`is a text that cannot be sent as it is; accepted: ${TEMPLATE_FORM}`);
  }
  const parts = written.split(/\{([a-z_]+)\}/);
  const names = parts.filter((_, i) => i % 2 === 1);
  const unknown = names.find((name) => !isPlaceholder(name));
  if (unknown !== undefined) {
    const accepted = PLACEHOLDERS.map((name) => `{${name}}`).join(", ");
    const near = suggest(unknown, PLACEHOLDERS);
    throw new RangeError(refuseValue(`{${unknown}}`, accepted, near && `{${near}}`));
  }
  return { texts: parts.filter((_, i) => i % 2 === 0), placeholders: names.filter(isPlaceholder) };
}

/** A text that may hold placeholders. */
export const template = parsed(
  TEMPLATE_FORM,
  parseTemplate,
  new RegExp(`^(?![\\t ])(?!.*\\{(?!(?:${PLACEHOLDERS.join("|")})\\})[a-z_]+\\})[\\t -~]*(?<![\\t ])$`),
);

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

/** A template as the config writes it. */
export function formatTemplate({ texts, placeholders }: Template): string {
  return texts.map((text, i) => i === 0 ? text : `{${placeholders[i - 1]}}${text}`).join("");
}
