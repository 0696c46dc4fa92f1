/**
 * A text of its own with the same characters. The engines keep the whole message alive that a slice was cut
 * from, so whatever outlives a message is copied out of it.
 */
export function copyOf(text: string): string {
  return Array.from(text).join("");
}
