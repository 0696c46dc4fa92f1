import type { Condition } from "./condition.ts";
import { ConditionReader, refuseAt } from "./reader.ts";
import { readTest } from "./comparison.ts";

/** Parentheses and `!` that may stand around each other. */
const MAX_DEPTH = 50;

/**
 * Parses an `if`: `host == a.example && (path_prefix == /v1 || header(x-beta)) && !(src in [10.0.0.0/8])`.
 *
 * `!` binds closest, then `&&`, then `||`. Throws a `ConditionError` with the place of what is wrong.
 */
export function parseCondition(text: string): Condition {
  const reader = new ConditionReader(text);
  const condition = readAny(reader, 0);
  if (!reader.atEnd) {
    throw refuseAt(reader.at, `unexpected ${reader.describeHere()}`, '"&&", "||" or the end');
  }
  return condition;
}

function readAny(reader: ConditionReader, depth: number): Condition {
  return readList(reader, { kind: "any", operator: "||", term: () => readAll(reader, depth) });
}

function readAll(reader: ConditionReader, depth: number): Condition {
  return readList(reader, { kind: "all", operator: "&&", term: () => readTerm(reader, depth) });
}

function readList(
  reader: ConditionReader,
  { kind, operator, term }: { kind: "all" | "any"; operator: string; term: () => Condition },
): Condition {
  const terms = [term()];
  while (reader.take(operator)) terms.push(term());
  return terms.length === 1 ? terms[0]! : { kind, terms };
}

function readTerm(reader: ConditionReader, depth: number): Condition {
  if (depth > MAX_DEPTH) throw refuseAt(reader.at, "nested too deeply", `${MAX_DEPTH} levels`);
  if (reader.take("!")) return { kind: "not", term: readTerm(reader, depth + 1) };
  if (!reader.take("(")) return readTest(reader);
  const condition = readAny(reader, depth + 1);
  if (!reader.take(")")) {
    throw refuseAt(reader.at, `unexpected ${reader.describeHere()}`, '")", "&&" or "||"');
  }
  return condition;
}
