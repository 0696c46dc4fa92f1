const TAG = /(W\/)?"[!#-~\x80-\xff]*"/y;

/** The entity tags of an If-None-Match or If-Match (RFC 9110 §8.8.3), as they are written; undefined where it is none. */
export function entityTags(value: string): readonly string[] | undefined {
  const tags: string[] = [];
  let at = 0;
  while (at < value.length) {
    const byte = value[at]!;
    if (byte === " " || byte === "\t" || byte === ",") {
      at++;
      continue;
    }
    TAG.lastIndex = at;
    const match = TAG.exec(value);
    if (match === null) return undefined;
    tags.push(match[0]);
    at = TAG.lastIndex;
    if (at < value.length && !/[ \t,]/.test(value[at]!)) return undefined;
  }
  return tags;
}

/** Whether two entity tags are the same but for their strength (RFC 9110 §8.8.3.2, weak comparison). */
export function weaklyEqual(one: string, other: string): boolean {
  return opaque(one) === opaque(other);
}

/** Whether they are the same and both strong. */
export function stronglyEqual(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}
