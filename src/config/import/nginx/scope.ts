import type { Directive } from "./parse.ts";

/** The directives of one block, with those of the blocks around it from which it inherits. */
export class Scope {
  /** What stands in the block itself. */
  readonly own: readonly Directive[];
  readonly #outer: Scope | undefined;

  constructor(own: readonly Directive[], outer?: Scope) {
    this.own = own;
    this.#outer = outer;
  }

  /** A block inside this one. */
  inner(own: readonly Directive[]): Scope {
    return new Scope(own, this);
  }

  /** The directive that holds here: the last of the nearest level that has one. */
  find(name: string): Directive | undefined {
    return this.findAll([name]).at(-1);
  }

  /** All directives of these names of the nearest level that has one of them: nginx inherits them together or not at all. */
  findAll(names: readonly string[]): readonly Directive[] {
    const found = this.own.filter(({ name }) => names.includes(name));
    return found.length > 0 || this.#outer === undefined ? found : this.#outer.findAll(names);
  }

  /** Whether `on` is said here. */
  isOn(name: string): boolean {
    return this.find(name)?.args[0] === "on";
  }

  /** Whether the block itself says something of it. */
  has(name: string): boolean {
    return this.own.some((directive) => directive.name === name);
  }
}
