import type { BackendShelf } from "../backend-shelf.ts";
import { type Draft, type DraftTable, literal } from "../draft.ts";
import type { LineStep } from "../step.ts";
import { ALWAYS } from "../terms.ts";
import { fieldLines, headerEdit, pathEdit } from "./edits.ts";
import { asksOther, turnsAway } from "./closing.ts";
import { type Matched, pathTerm, readMatchers } from "./matchers.ts";
import { inOrder } from "./order.ts";
import type { CaddyDirective } from "./parse.ts";
import { readPathChange } from "./path-changes.ts";
import { fromPlaceholders, hasPlaceholders } from "./placeholders.ts";
import { readReverseProxy } from "./reverse-proxy.ts";
import { readStage } from "./stages.ts";

/** What a site is read with. */
export interface SiteParts {
  readonly draft: Draft;
  readonly backends: BackendShelf;
  /** Where comments go that belong to no rule. */
  readonly frontend: DraftTable;
  readonly tls: boolean;
}

/** Where a block stands: the matchers that it knows, and what was taken off the front of paths. */
interface Block {
  readonly matchers: ReadonlyMap<string, NamedMatcher>;
  readonly base: string;
}

/** What a matcher says, and what it says with paths in any case. */
interface NamedMatcher {
  readonly plain: Matched;
  readonly anyCase: Matched;
}

/** Directives that change nothing here, or that Sluice does in its own way. */
const NEEDLESS = new Set("log bind tls log_append log_skip skip_log tracing root vars metrics".split(" "));

/** Why others are not converted. */
const REASONS: Readonly<Record<string, string>> = {
  file_server: "Sluice serves no files",
  php_fastcgi: "Sluice speaks HTTP to servers alone",
  templates: "Sluice does not change bodies",
  try_files: "Sluice serves no files",
  map: "Sluice has no variables of its own; conditions of rules say it directly",
  handle_errors: "on_status of rules and error_pages of a frontend answer by status",
  acme_server: "Sluice signs no certificates",
  push: "browsers take no pushes any more",
  invoke: "routes with names are of Caddy alone",
};

/** Makes steps of the directives of one site. */
export class SiteSteps {
  readonly #parts: SiteParts;

  constructor(parts: SiteParts) {
    this.#parts = parts;
  }

  /** The steps of a whole site. */
  read(directives: readonly CaddyDirective[]): LineStep[] {
    return this.#block(directives, { matchers: new Map(), base: "" }, true);
  }

  #block(directives: readonly CaddyDirective[], outer: Block, sorted: boolean): LineStep[] {
    const block = { base: outer.base, matchers: this.#matchersIn(directives, outer) };
    const plain = directives.filter(({ name }) => !name.startsWith("@"));
    const steps: LineStep[] = [];
    const list = sorted ? inOrder(plain) : plain;
    for (let i = 0; i < list.length; i++) {
      const directive = list[i]!;
      if (directive.name === "handle" || directive.name === "handle_path") {
        // Those that stand together part the requests between them.
        let end = i;
        while (["handle", "handle_path"].includes(list[end + 1]?.name ?? "")) end++;
        steps.push(this.#handles(list.slice(i, end + 1), block));
        i = end;
      } else steps.push(...this.#directive(directive, block));
    }
    this.#sayWhatPathIsSeen(steps);
    return steps;
  }

  /** Rules see the path as the client sent it: what is asked of a changed one is not what Caddy asks. */
  #sayWhatPathIsSeen(steps: readonly LineStep[]): void {
    const why = "matchers after it see the path as the client sent it";
    for (const [i, step] of steps.entries()) {
      if (step.newPath === undefined) continue;
      if (asksOther(steps.slice(i + 1), step)) this.#parts.draft.lose(step.origin, why, this.#parts.frontend);
      else this.#parts.draft.change(step.origin, why);
    }
  }

  #matchersIn(directives: readonly CaddyDirective[], { matchers, base }: Block): Map<string, NamedMatcher> {
    const found = new Map(matchers);
    for (const { name, args, block, origin } of directives.filter((one) => one.name.startsWith("@"))) {
      const one = { name: args[0] ?? "", args: args.slice(1), origin, ...(block !== undefined && { block }) };
      const lines = args.length === 0 ? block ?? [] : [one];
      const isExpression = block === undefined && /^[`"{]|[=<>]/.test(args[0] ?? "");
      const read = (anyCase: boolean): Matched =>
        isExpression
          ? { why: "Sluice does not read CEL" }
          : readMatchers(lines, { base, tls: this.#parts.tls, anyCase });
      const plain = read(false);
      if (typeof plain === "object") this.#lose({ name, args, origin }, plain.why);
      found.set(name, { plain, anyCase: read(true) });
    }
    return found;
  }

  /** The term of a directive's matcher, and its other words; undefined where it is never met or not known. */
  #match(
    directive: CaddyDirective,
    { matchers, base }: Block,
  ): { term: string; args: readonly string[] } | undefined {
    const { args, origin, name } = directive;
    const anyCase = turnsAway(directive);
    const [first = "", ...rest] = args;
    if (first === "*") return { term: ALWAYS, args: rest };
    if (first.startsWith("/")) return { term: pathTerm(first, { base, anyCase }), args: rest };
    if (!first.startsWith("@")) return { term: ALWAYS, args };
    const term = matchers.get(first)?.[anyCase ? "anyCase" : "plain"] ??
      { why: `there is no matcher ${first}` };
    if (term === false) this.#parts.draft.change(origin, "is never met, as clients come without TLS");
    else if (typeof term === "object") this.#lose({ name, args, origin }, term.why);
    else return { term, args: rest };
    return undefined;
  }

  #handles(list: readonly CaddyDirective[], block: Block): LineStep {
    const branches = list.flatMap((directive) => {
      const matched = this.#match(directive, block);
      if (matched === undefined) return [];
      if (directive.name === "handle") {
        return [{ term: matched.term, steps: this.#block(directive.block ?? [], block, true) }];
      }
      const prefix = (directive.args[0] ?? "").replace(/\*$/, "").replace(/\/$/, "");
      const inner = { ...block, base: block.base + prefix };
      const origin = directive.origin;
      const strip: LineStep = { term: ALWAYS, origin, edit: pathEdit({ strip_prefix: prefix }) };
      return [{ term: matched.term, steps: [strip, ...this.#block(directive.block ?? [], inner, true)] }];
    });
    return { term: ALWAYS, origin: list[0]!.origin, branches };
  }

  #directive(directive: CaddyDirective, block: Block): LineStep[] {
    const { name, origin } = directive;
    if (NEEDLESS.has(name)) return [];
    const matched = this.#match(directive, block);
    if (matched === undefined) return [];
    const { term, args } = matched;
    if (name === "route") {
      return [{
        term: ALWAYS,
        origin,
        branches: [{ term, steps: this.#block(directive.block ?? [], block, false) }],
      }];
    }
    const answer = this.#answer(directive, args);
    if (answer !== undefined) return [{ term, origin, answer, edited: true }];
    const newPath = name === "rewrite" ? args[0]?.replace(/[?{].*/s, "") : name === "uri" ? "" : undefined;
    return this.#edits(directive, args).map((edit) => ({
      term,
      origin,
      edit,
      ...(newPath !== undefined && { newPath }),
    }));
  }

  /** What a directive answers; undefined for one that does not. */
  #answer(directive: CaddyDirective, args: readonly string[]): DraftTable | undefined {
    const { draft, backends } = this.#parts;
    switch (directive.name) {
      case "reverse_proxy": {
        const found = readReverseProxy(directive, args, draft);
        if (found === undefined) return missing("where reverse_proxy leads");
        return { ...found.action, backend: backends.add(found.name, found.backend) };
      }
      case "redir":
        return this.#redirect(directive, args);
      case "respond":
        return { respond: this.#respond(directive, args) };
      case "error":
        return { respond: { status: Number(args.find((word) => /^\d{3}$/.test(word)) ?? 500) } };
      case "abort":
        draft.lose(
          directive.origin,
          "Sluice closes no connection without an answer: 403 stands in its place",
          this.#parts.frontend,
        );
        return { respond: { status: 403 } };
      case "file_server":
      case "php_fastcgi":
      case "acme_server":
        this.#lose(directive, REASONS[directive.name]!);
        return missing(directive.name);
      default:
        return undefined;
    }
  }

  #redirect(directive: CaddyDirective, [to = "", code = "302"]: readonly string[]): DraftTable {
    const status = code === "permanent" ? 301 : code === "temporary" ? 302 : Number(code);
    const address = fromPlaceholders(to);
    if (address === undefined || ![301, 302, 303, 307, 308].includes(status)) {
      this.#lose(directive, "the address, or the status, is none that a redirect of Sluice can have");
      return { respond: { status: 501, body: "This redirect is not converted." } };
    }
    return { redirect: status === 302 ? address : { to: address, status } };
  }

  #respond(directive: CaddyDirective, args: readonly string[]): DraftTable {
    const said = (name: string) => directive.block?.find((line) => line.name === name)?.args[0];
    const [first, second] = args;
    const isStatus = /^\d{3}$/.test(first ?? "") && second === undefined;
    const body = said("body") ?? (isStatus ? undefined : first);
    const status = Number((isStatus ? first : second) ?? 200);
    if (body !== undefined && hasPlaceholders(body)) {
      this.#lose(directive, "a body of Sluice's own holds no placeholders");
    }
    return { status: status < 200 || status > 599 ? 500 : status, ...(body !== undefined && { body }) };
  }

  #edits(directive: CaddyDirective, args: readonly string[]): NonNullable<LineStep["edit"]>[] {
    const { name } = directive;
    const { draft, frontend } = this.#parts;
    if (name === "header" || name === "request_header") {
      return fieldLines({ ...directive, args }).flatMap((line) => {
        const edit = headerEdit(line, name === "header" ? "response" : "request");
        if (typeof edit === "function") return [edit];
        if (edit === "needless") return [];
        this.#lose(line, edit.why);
        return edit.edit === undefined ? [] : [edit.edit];
      });
    }
    const change = readPathChange(directive, args);
    if (change !== undefined) {
      if ("why" in change) this.#lose(directive, change.why);
      else return [pathEdit(change.keys)];
      return [];
    }
    const stage = readStage(directive, args, { draft, frontend });
    if (stage !== undefined) return stage;
    this.#lose(directive, REASONS[name] ?? "Sluice has nothing like it");
    return [];
  }

  #lose({ origin }: Pick<CaddyDirective, "name" | "args" | "origin">, why: string): void {
    this.#parts.draft.lose(origin, why, this.#parts.frontend);
  }
}

/** An answer that says that something is not converted, so that its requests go nowhere else. */
function missing(what: string): DraftTable {
  return { respond: { status: 501, body: literal(`Not converted: ${what}`) } };
}
