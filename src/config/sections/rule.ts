import { z } from "zod";
import { actionKeys, actionRules } from "./action.ts";
import { parseCondition } from "../condition/parser.ts";
import { ConditionError } from "../condition/reader.ts";
import { wants } from "../values/value-types.ts";
import { section } from "./section.ts";
import { writtenAs } from "../values/written.ts";

/** One of the rules of a frontend, which are asked in order; the first whose condition is met decides. */
export const ruleSchema = writtenAs(
  section({
    /**
     * The condition. Without it the rule takes every request that comes to it.
     * @example "host == api.example.com && path_prefix == /v1"
     */
    if: z.string(wants('a condition, such as "host == api.example.com"')).transform((written, context) => {
      try {
        return { text: written, condition: parseCondition(written) };
      } catch (error) {
        if (!(error instanceof ConditionError)) throw error;
        context.addIssue({ code: "custom", message: error.message, params: { within: error.at } });
        return z.NEVER;
      }
    }).exactOptional(),
    ...actionKeys,
  }),
  { rules: actionRules },
);
