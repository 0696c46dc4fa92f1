/** `T` with every property and list in it read-only, all the way down. */
export type Frozen<T> = T extends Uint8Array | ((...args: never[]) => unknown) ? T
  : T extends readonly (infer Item)[] ? readonly Frozen<Item>[]
  : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> }
  : T;

/** Freezes `value` and everything in it but bytes, in place, and returns it. For plain data without cycles. */
export function freeze<T>(value: T): Frozen<T> {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value as Frozen<T>;
}
