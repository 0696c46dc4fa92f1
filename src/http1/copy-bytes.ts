import { Buffer } from "node:buffer";

/** Whether `Buffer.copy` is the engine's own: then it costs less than a view of the part, else twice as much. */
const COPY_IS_NATIVE = /\[native code\]/.test(Function.prototype.toString.call(Buffer.prototype.copy));

/** Up to so many bytes are copied one by one: a call into the runtime costs more. */
const FEW_BYTES = COPY_IS_NATIVE ? 16 : 48;

/** Copies the bytes of `source` between `from` and `to` into `target`, to begin at `at`. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  to: number,
  target: Buffer,
  at: number,
): void {
  if (to - from <= FEW_BYTES) {
    for (let i = from, j = at; i < to; i++, j++) target[j] = source[i]!;
  } else if (COPY_IS_NATIVE && source instanceof Buffer) source.copy(target, at, from, to);
  else target.set(from === 0 && to === source.length ? source : source.subarray(from, to), at);
}
