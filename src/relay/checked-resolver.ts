import { ProxyError } from "../base/errors.ts";
import type { NameResolver, Resolution } from "../net/resolver.ts";

/**
 * Looks names up and keeps only addresses that clients may be led to. What is dialled is what was checked: a name that
 * stands for another address a moment later (DNS rebinding) leads nowhere else.
 */
export class CheckedResolver implements NameResolver {
  readonly #inner: NameResolver;
  readonly #allows: (address: string) => boolean;

  constructor(inner: NameResolver, allows: (address: string) => boolean) {
    this.#inner = inner;
    this.#allows = allows;
  }

  /** Rejects with a ProxyError, `access_denied`, where all addresses of the name are refused. */
  async addresses(name: string): Promise<Resolution> {
    return this.#check(name, await this.#inner.addresses(name));
  }

  async service(name: string): Promise<Resolution> {
    return this.#check(name, await this.#inner.service(name));
  }

  #check(name: string, found: Resolution): Resolution {
    const endpoints = found.endpoints.filter(({ address }) => this.#allows(address));
    if (endpoints.length > 0) return { ...found, endpoints };
    throw new ProxyError(
      "access_denied",
      `${name} stands for a private address, ${found.endpoints[0]?.address}`,
    );
  }
}
