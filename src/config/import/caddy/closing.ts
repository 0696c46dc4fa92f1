import { excludes } from "../path-terms.ts";
import { asksPath, type LineStep } from "../step.ts";
import type { CaddyDirective } from "./parse.ts";

const CLOSING = ["error", "abort", "basic_auth", "basicauth", "forward_auth"];

/** Whether a directive turns some requests away, itself or by one of those inside it: then no other case of a path gets by. */
export function turnsAway({ name, args, block = [] }: CaddyDirective): boolean {
  if (CLOSING.includes(name)) return true;
  if (name === "respond") return args.some((word) => /^[45]\d\d$/.test(word));
  return ["handle", "handle_path", "route"].includes(name) && block.some(turnsAway);
}

/** Whether one of the steps, or of those inside them, says something else of the path that `changing` makes than of the one before. */
export function asksOther(steps: readonly LineStep[], changing: LineStep): boolean {
  const isOther = (term: string) =>
    asksPath(term) &&
    !(excludes(term, changing.term) && excludes(term, `path_prefix == ${changing.newPath ?? ""}`));
  return steps.some(({ term, branches = [] }) =>
    isOther(term) || branches.some((branch) => isOther(branch.term) || asksOther(branch.steps, changing))
  );
}
