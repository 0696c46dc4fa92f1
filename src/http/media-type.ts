const UTF8 = "; charset=utf-8";

/** Media types by the extension of a file; texts are taken for UTF-8. */
const TYPES: ReadonlyMap<string, string> = new Map([
  [".avif", "image/avif"],
  [".css", `text/css${UTF8}`],
  [".csv", `text/csv${UTF8}`],
  [".gif", "image/gif"],
  [".htm", `text/html${UTF8}`],
  [".html", `text/html${UTF8}`],
  [".ico", "image/x-icon"],
  [".jpeg", "image/jpeg"],
  [".jpg", "image/jpeg"],
  [".js", `text/javascript${UTF8}`],
  [".json", "application/json"],
  [".md", `text/markdown${UTF8}`],
  [".mjs", `text/javascript${UTF8}`],
  [".pdf", "application/pdf"],
  [".png", "image/png"],
  [".svg", "image/svg+xml"],
  [".txt", `text/plain${UTF8}`],
  [".wasm", "application/wasm"],
  [".webmanifest", "application/manifest+json"],
  [".webp", "image/webp"],
  [".woff", "font/woff"],
  [".woff2", "font/woff2"],
  [".xml", "application/xml"],
  [".yaml", "application/yaml"],
  [".yml", "application/yaml"],
]);

/** What a file holds, by its extension, such as `.html`; bytes of an unknown kind where it tells nothing. */
export function mediaTypeOf(extension: string): string {
  return TYPES.get(extension.toLowerCase()) ?? "application/octet-stream";
}
