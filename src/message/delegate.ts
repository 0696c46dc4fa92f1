/**
 * Completes a class whose objects stand in for a web-standard one (`Request`, `Response`).
 *
 * Every member of the standard prototype that `lazy` does not define itself is answered by the real object
 * that `materialize` makes. Deno keeps the state of its objects under symbols on the object, and reads them
 * there when such an object is given to a constructor; they are passed on as well. Bun keeps it inside.
 */
export function delegateRest<Native extends object>(
  lazy: object,
  sample: Native,
  materialize: (self: object) => Native,
): void {
  const standard = Object.getPrototypeOf(sample) as object;
  const keys = new Set<string | symbol>([
    ...Object.getOwnPropertyNames(standard),
    ...Object.getOwnPropertySymbols(sample),
  ]);
  for (const key of keys) {
    if (key === "constructor" || Object.hasOwn(lazy, key)) continue;
    const method = Object.getOwnPropertyDescriptor(standard, key)?.value;
    if (typeof method === "function") {
      Object.defineProperty(lazy, key, {
        configurable: true,
        writable: true,
        value(this: object, ...args: unknown[]) {
          return Reflect.apply(method, materialize(this), args);
        },
      });
    } else {
      Object.defineProperty(lazy, key, {
        configurable: true,
        get(this: object) {
          const native = materialize(this);
          return Reflect.get(native, key, native);
        },
        set(this: object, value: unknown) {
          const native = materialize(this);
          Reflect.set(native, key, value, native);
        },
      });
    }
  }
  Object.setPrototypeOf(lazy, standard);
}
