import { type JsonLines, JsonPart } from "../base/json-lines.ts";
import type { LogFields } from "../base/log-event.ts";
import type { LogConfig } from "../config/sections/log.ts";
import { SECRET_HEADERS } from "../config/values/secret-headers.ts";
import type { Fields } from "../http/fields.ts";
import type { Exchange } from "../message/exchange.ts";

/** Stands in a line in the place of what is not for its readers. */
export const MASK = "[masked]";

/** A header that lines of the access log show. */
interface Shown {
  /** Its name in the line. */
  readonly key: string;
  /** The same in a line of JSON. */
  readonly part: JsonPart;
  readonly lower: string;
  readonly masked: boolean;
}

/** The headers of a request and its answer that the config asks for. */
export class LoggedHeaders {
  readonly #request: readonly Shown[];
  readonly #response: readonly Shown[];

  /** What `config` asks for; undefined where that is nothing. */
  static of(config: LogConfig): LoggedHeaders | undefined {
    const { requestHeaders, responseHeaders } = config;
    return requestHeaders.length + responseHeaders.length > 0 ? new LoggedHeaders(config) : undefined;
  }

  private constructor({ requestHeaders, responseHeaders, showSecrets }: LogConfig) {
    const shown = (side: string) => (name: string) => {
      const lower = name.toLowerCase();
      const key = `${side}.${lower}`;
      return {
        key,
        part: new JsonPart(`,"${key}":`),
        lower,
        masked: !showSecrets && SECRET_HEADERS.has(lower),
      };
    };
    this.#request = requestHeaders.map(shown("request"));
    this.#response = responseHeaders.map(shown("response"));
  }

  get ofAnswers(): boolean {
    return this.#response.length > 0;
  }

  /** Those of `exchange`, as the client sent them and as it got them; repeated ones joined by a comma. */
  of({ fields, sentFields }: Exchange): LogFields {
    const line: Record<string, string> = {};
    add(line, this.#request, fields);
    add(line, this.#response, sentFields);
    return line;
  }

  /** Writes them to a line of JSON. */
  write(lines: JsonLines, { fields, sentFields }: Exchange): void {
    write(lines, this.#request, fields);
    write(lines, this.#response, sentFields);
  }
}

function write(lines: JsonLines, shown: readonly Shown[], fields: Fields | undefined): void {
  if (fields === undefined) return;
  for (const { part, lower, masked } of shown) {
    const value = fields.get(lower);
    if (value === undefined) continue;
    lines.part(part);
    lines.text(masked ? MASK : value);
  }
}

function add(line: Record<string, string>, shown: readonly Shown[], fields: Fields | undefined): void {
  if (fields === undefined) return;
  for (const { key, lower, masked } of shown) {
    const value = fields.get(lower);
    if (value !== undefined) line[key] = masked ? MASK : value;
  }
}
