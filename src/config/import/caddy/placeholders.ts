/** What our templates call a placeholder of Caddy. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  host: "{host}",
  hostport: "{host}",
  remote_host: "{client}",
  client_ip: "{client}",
  scheme: "{scheme}",
  method: "{method}",
  path: "{path}",
  query: "{query}",
  uri: "{uri}",
  "http.request.host": "{host}",
  "http.request.hostport": "{host}",
  "http.request.remote.host": "{client}",
  "http.request.scheme": "{scheme}",
  "http.request.method": "{method}",
  "http.request.uri": "{uri}",
  "http.request.uri.path": "{path}",
  "http.request.uri.query": "{query}",
  "http.request.uuid": "{request_id}",
};

/** A text with placeholders as one of our templates; undefined where it holds what those cannot say. */
export function fromPlaceholders(text: string): string | undefined {
  if (/[^\x20-\x7e]/.test(text) || text.trim() !== text) return undefined;
  let known = true;
  const filled = text.replace(/(?<!\$)\{([\w.-]+(?:\[\d+\])?)\}/g, (_, name: string) => {
    known &&= Object.hasOwn(PLACEHOLDERS, name);
    return PLACEHOLDERS[name] ?? "";
  });
  return known ? filled : undefined;
}

/** Whether a text holds placeholders that only a request fills. */
export function hasPlaceholders(text: string): boolean {
  return /(?<!\$)\{[\w.-]+(?:\[\d+\])?\}/.test(text);
}
