/**
 * Bun makes a GET of `new Request(request, init)` where `request` is one of ours and `init` names no method:
 * for an object that only stands in for a Request it looks at `init` alone. A middleware that adds a header to
 * a DELETE in this way would turn it into a GET. Found by trying, so it ends when Bun behaves.
 */
export function copyLosesMethod(standIn: Request): boolean {
  try {
    return new Request(standIn, { headers: {} }).method !== standIn.method;
  } catch {
    return true; // it does not take a stand-in at all
  }
}

/**
 * Makes the global `Request` take stand-ins in its first place, which `nativeOf` turns into real ones. Everything
 * else about it stays: its name, its prototype, what `instanceof` and `extends` do with it.
 */
export function teachRequest(nativeOf: (input: unknown) => unknown): void {
  const NativeRequest = globalThis.Request;
  const Taught: typeof Request = new Proxy(NativeRequest, {
    construct(target, [input, ...rest], newTarget) {
      return Reflect.construct(target, [nativeOf(input), ...rest], newTarget === Taught ? target : newTarget);
    },
  });
  globalThis.Request = Taught;
}
