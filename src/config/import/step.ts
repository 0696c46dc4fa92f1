import type { DraftTable, Origin } from "./draft.ts";
import { excludes } from "./path-terms.ts";
import { ALWAYS } from "./terms.ts";

/** What one line does with the requests that meet its term: it answers them, or changes them on their way. */
export interface LineStep {
  readonly term: string;
  readonly origin: Origin;
  readonly answer?: DraftTable;
  /** Whether the answer gets the changes that came before it. */
  readonly edited?: true;
  /** Ways that requests part by: the first whose term is met is gone, and then what comes after the step. */
  readonly branches?: readonly { readonly term: string; readonly steps: readonly LineStep[] }[];
  /** Puts its change into what a later line does. */
  readonly edit?: Edit;
  /** Where the change is one of the path, what the new one begins with as far as that is known: later terms do not see it. */
  readonly newPath?: string;
}

export type Edit = (action: DraftTable) => void;

/** How a request got to where it is: the terms that it met, and the changes that it gets. */
export interface RequestWay {
  readonly terms: readonly string[];
  readonly edits: readonly Pick<Required<LineStep>, "term" | "edit">[];
}

/** Changes that only some requests get: each makes rules after it twice. */
const MAX_CONDITIONAL = 3;

/** Whether a term asks for the path, which rules see as the client sent it. */
export function asksPath(term: string): boolean {
  return /(?:^|[ (!])path(?:_prefix)? /.test(term);
}

/** Which steps change some requests only, beyond those that rules can be doubled for. */
export function tooConditional(steps: readonly LineStep[]): readonly LineStep[] {
  return steps.filter(({ term, edit }) => edit !== undefined && term !== ALWAYS).slice(MAX_CONDITIONAL);
}

/** Goes through `steps` in their order: `push` gets each answer with the terms that lead to it, `end` what is left at the end. */
export function followSteps(
  steps: readonly LineStep[],
  way: RequestWay,
  { push, end }: {
    push: (terms: readonly string[], action: DraftTable) => void;
    end: (way: RequestWay) => void;
  },
): void {
  const edits = [...way.edits];
  for (const [i, { term, answer, edit, edited, branches = [] }] of steps.entries()) {
    const terms = [...way.terms, term];
    for (const branch of branches) {
      const at = { terms: [...terms, branch.term], edits };
      followSteps([...branch.steps, ...steps.slice(i + 1)], at, { push, end });
      if (term === ALWAYS && branch.term === ALWAYS) return;
    }
    if (edit !== undefined) edits.push({ term, edit });
    if (answer === undefined) continue;
    const taken = { terms, edits: edited === true ? edits : [] };
    for (const made of actionsAtEnd(taken, () => ({ ...answer }))) push(made.terms, made.action);
    if (term === ALWAYS) return;
  }
  end({ terms: way.terms, edits });
}

/**
 * The rules for what is at the end of a way: one for all requests that get the same changes, those of more terms first.
 * `make` makes an action anew for each.
 */
export function actionsAtEnd(
  { terms, edits }: RequestWay,
  make: () => DraftTable,
): { terms: readonly string[]; action: DraftTable }[] {
  const open = edits.find(({ term }) => term !== ALWAYS && !terms.includes(term));
  if (open === undefined) {
    const action = make();
    for (const { edit } of edits) edit(action);
    return [{ terms, action }];
  }
  const without = edits.filter(({ term }) => term !== open.term);
  const others = actionsAtEnd({ terms, edits: without }, make);
  if (terms.some((term) => excludes(term, open.term))) return others;
  return [...actionsAtEnd({ terms: [...terms, open.term], edits }, make), ...others];
}
