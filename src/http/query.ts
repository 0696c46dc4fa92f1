/**
 * The first value of the parameter `name` in the query of a request target, decoded as forms are
 * (application/x-www-form-urlencoded); undefined where there is none.
 */
export function queryValue(target: string, name: string): string | undefined {
  const start = target.indexOf("?");
  if (start === -1) return undefined;
  // The class drops a "?" in front, which is a part of the first name here.
  return new URLSearchParams("&" + target.slice(start + 1)).get(name) ?? undefined;
}
