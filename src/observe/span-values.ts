/** Characters of one value that are kept. */
const MAX_VALUE = 1024;

/** Methods that have a name of their own in spans (RFC 9110 §9.3, RFC 5789); others are clients' inventions, without bound. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "TRACE",
]);

/** The front of `text`, as much as a span keeps of it. */
export function shortened(text: string): string {
  return text.length > MAX_VALUE ? text.slice(0, MAX_VALUE) : text;
}

/** What spans show of a target: its query may hold what is secret. */
export function targetShown(target: string, showsQuery: boolean): string {
  const query = showsQuery ? -1 : target.indexOf("?");
  return shortened(query === -1 ? target : target.slice(0, query));
}

/** What the names of spans call a method. */
export function methodName(method: string): string {
  return KNOWN_METHODS.has(method) ? method : "HTTP";
}

/** The attributes that tell a method. */
export function methodAttributes(method: string): Record<string, string | undefined> {
  return KNOWN_METHODS.has(method)
    ? { "http.request.method": method }
    : { "http.request.method": "_OTHER", "http.request.method_original": shortened(method) || undefined };
}
