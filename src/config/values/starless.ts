/** The prefix that a path with a star at its end means in other programs; undefined where it has none, or is one. */
export function starless(path: string): string | undefined {
  if (!/^\/.*\*$/s.test(path)) return undefined;
  return path.replace(/\/?\*{1,2}$/, "") || "/";
}
