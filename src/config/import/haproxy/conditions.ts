import type { Draft } from "../draft.ts";
import { allOf, ALWAYS, anyOf, notOf } from "../terms.ts";
import { readCriterion, type Truth } from "./criterion.ts";
import type { Line } from "./parse.ts";
import type { ProxySection } from "./proxy.ts";

/** The named tests of a proxy, and what conditions make of them. */
export class Conditions {
  readonly #acls = new Map<string, Truth>();
  readonly #tls: boolean;

  /** Says in `draft` which tests are not converted. `tls` where clients may come by TLS. */
  constructor(proxy: ProxySection, draft: Draft, { tls }: { tls: boolean }) {
    this.#tls = tls;
    for (const { words: [, name = "", ...test], origin } of proxy.all("acl")) {
      const found = readCriterion(test, { tls });
      if (isUnknown(found)) draft.lose(origin, found.why);
      // Lines of one name are alternatives.
      const before = this.#acls.get(name);
      this.#acls.set(name, before === undefined ? found : either([before, found]));
    }
  }

  /** What stands behind `if` or `unless` among `words`; always where neither is there. */
  read(words: readonly string[]): Truth {
    const at = words.findIndex((word) => word === "if" || word === "unless");
    if (at === -1) return true;
    const found = this.#readAny(words.slice(at + 1));
    return words[at] === "unless" ? opposite(found) : found;
  }

  #readAny(words: readonly string[]): Truth {
    const alternatives: string[][] = [[]];
    for (const word of words) {
      if (word === "or" || word === "||") alternatives.push([]);
      else alternatives.at(-1)!.push(word);
    }
    return either(alternatives.map((terms) => this.#readAll(terms)));
  }

  #readAll(words: readonly string[]): Truth {
    const terms: Truth[] = [];
    let negates = false;
    for (let i = 0; i < words.length; i++) {
      let word = words[i]!;
      while (word.startsWith("!")) {
        negates = !negates;
        word = word.slice(1);
      }
      if (word === "") continue;
      let found: Truth;
      if (word === "{") {
        const end = words.indexOf("}", i);
        if (end === -1) return { why: '"{" is never closed' };
        found = readCriterion(words.slice(i + 1, end), { tls: this.#tls });
        i = end;
      } else found = this.#acls.get(word) ?? this.#predefined(word);
      terms.push(negates ? opposite(found) : found);
      negates = false;
    }
    return both(terms);
  }

  #predefined(word: string): Truth {
    const found = readCriterion([word], { tls: this.#tls });
    return isUnknown(found) ? { why: `there is no acl ${word}` } : found;
  }
}

/** Whether a truth is none that can be said. */
export function isUnknown(truth: Truth): truth is { readonly why: string } {
  return typeof truth === "object";
}

/** Both of them and all others; one that is never true decides alone. */
function both(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  const unknown = truths.find(isUnknown);
  if (unknown !== undefined) return unknown;
  const terms = truths.filter((truth) => typeof truth === "string");
  return terms.length === 0 ? true : allOf(terms);
}

function either(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  const unknown = truths.find(isUnknown);
  if (unknown !== undefined) return unknown;
  const terms = truths.filter((truth) => typeof truth === "string");
  return terms.length === 0 ? false : anyOf(terms);
}

/** Not. */
function opposite(truth: Truth): Truth {
  if (isUnknown(truth)) return truth;
  return typeof truth === "boolean" ? !truth : notOf(truth);
}

/** A truth that is known as the condition of a rule; undefined for what is never true. */
export function toTerm(truth: boolean | string): string | undefined {
  return truth === false ? undefined : truth === true ? ALWAYS : truth;
}

/** The words of a line before its condition. */
export function beforeCondition({ words }: Line): readonly string[] {
  const at = words.findIndex((word) => word === "if" || word === "unless");
  return at === -1 ? words : words.slice(0, at);
}
