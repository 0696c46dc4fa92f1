import { isToken } from "../../http/chars.ts";
import { type IpBlock, parseIpBlock } from "../../http/ip.ts";
import { type Condition, type Subject, SUBJECTS } from "./condition.ts";
import { type ConditionReader, type ReadValue, refuseAt } from "./reader.ts";
import { parseRouteHost } from "../values/host.ts";
import { quoteShort } from "../problems/wording.ts";
import { starless } from "../values/paths.ts";
import { suggest } from "../../base/suggest.ts";

/** Subjects that are one of many, and need a name in parentheses. */
const WITH_ARGUMENT: readonly Subject[] = ["header", "query", "cookie"];

const OPERATORS = '"==", "!=", "~" or "in"';

/** Subjects of which a client may send several of one name. */
const REPEATED: readonly Subject[] = ["query", "cookie"];
const EVERY_FORM = "all(query(name)) or all(cookie(name))";

/** Reads one comparison, such as `host == a.example`, or a presence, such as `header(x-beta)`. */
export function readTest(reader: ConditionReader): Condition {
  const every = reader.takeCall("all");
  const { at } = reader;
  const subject = readSubject(reader);
  if (every && !REPEATED.includes(subject)) throw refuseAt(at, `all(${subject} …)`, EVERY_FORM);
  const argument = readArgument(reader, subject, at);
  if (every && !reader.take(")")) throw refuseAt(reader.at, `unexpected ${reader.describeHere()}`, '")"');
  const operatorAt = reader.at;
  const asked: AskedSubject = every ? { subject, argument, every } : { subject, argument };
  if (reader.take("==")) return equals(asked, [reader.takeValue()]);
  if (reader.take("!=")) return { kind: "not", term: equals(asked, [reader.takeValue()]) };
  if (reader.take("~")) return matches(asked, { at: operatorAt, value: reader.takeValue() });
  if (reader.takeIn()) return equals(asked, readValues(reader));
  // A word after it is a mistyped operator, not the end of the test.
  if (argument !== "" && !every && /^(?:end|"[)&|].*)$/.test(reader.describeHere())) {
    return { kind: "present", subject, argument };
  }
  throw refuseAt(operatorAt, `unexpected ${reader.describeHere()}`, OPERATORS);
}

interface AskedSubject {
  readonly subject: Subject;
  readonly argument: string;
  readonly every?: true;
}

function readSubject(reader: ConditionReader): Subject {
  const { at } = reader;
  const found = reader.describeHere();
  const name = reader.takeName();
  if (name === undefined) throw refuseAt(at, `unexpected ${found}`, SUBJECTS.join(", "));
  if ((SUBJECTS as readonly string[]).includes(name)) return name as Subject;
  throw refuseAt(at, `unknown name ${quoteShort(name)}`, SUBJECTS.join(", "), suggest(name, SUBJECTS));
}

/** The name in parentheses; empty for subjects that take none. Header names come out in lower case. */
function readArgument(reader: ConditionReader, subject: Subject, at: number): string {
  if (!WITH_ARGUMENT.includes(subject)) return "";
  const wanted = `${subject}(name)`;
  if (!reader.take("(")) throw refuseAt(at, `${JSON.stringify(subject)} without a name`, wanted);
  const { text, at: nameAt } = reader.takeValue();
  if (subject !== "query" && !isToken(text)) throw refuseAt(nameAt, `no ${subject} name`, wanted);
  if (!reader.take(")")) throw refuseAt(reader.at, `unexpected ${reader.describeHere()}`, '")"');
  return subject === "header" ? text.toLowerCase() : text;
}

/** `[a, b]`, or one value alone. */
function readValues(reader: ConditionReader): ReadValue[] {
  const found = reader.describeHere();
  // In parentheses, as in SQL, it would be taken for a value.
  if (found === "end" || found === '"("') {
    throw refuseAt(reader.at, `unexpected ${found}`, "a value, or a list such as [a, b]");
  }
  if (!reader.take("[")) return [reader.takeValue()];
  const values = [reader.takeValue(true)];
  while (reader.take(",")) values.push(reader.takeValue(true));
  if (!reader.take("]")) throw refuseAt(reader.at, `unexpected ${reader.describeHere()}`, '"," or "]"');
  return values;
}

function equals(asked: AskedSubject, values: readonly ReadValue[]): Condition {
  if (asked.subject === "src") return { kind: "inside", blocks: values.map(readBlock) };
  return { kind: "equals", ...asked, values: values.map((value) => readText(asked.subject, value)) };
}

function readBlock({ text, at }: ReadValue): IpBlock {
  const block = parseIpBlock(text);
  if (block !== undefined) return block;
  throw refuseAt(at, `no address: ${quoteShort(text)}`, "an IP address, or a block such as 10.0.0.0/8");
}

function readText(subject: Subject, { text, at }: ReadValue): string {
  if (subject === "host") {
    try {
      return parseRouteHost(text);
    } catch {
      const portless = /^[\w.*-]+:\d+$/.test(text) ? text.slice(0, text.lastIndexOf(":")) : undefined;
      throw refuseAt(
        at,
        `no host: ${quoteShort(text)}`,
        'a name without port, or "*.example.com"',
        portless,
      );
    }
  }
  if (isPath(subject) && !/^(?:\/[^?#\s]*|\*)$/.test(text)) {
    const slash = /^[^/?#\s][^?#\s]*$/.test(text) ? `/${text}` : undefined;
    throw refuseAt(
      at,
      `no path: ${quoteShort(text)}`,
      'a path that starts with "/", without query',
      slash,
    );
  }
  const prefix = isPath(subject) ? starless(text) : undefined;
  if (prefix !== undefined) {
    const found = `${quoteShort(text)}, whose star would be a star`;
    throw refuseAt(at, found, "path_prefix with the prefix alone, or path ~", `path_prefix == ${prefix}`);
  }
  if (subject === "method" && (!isToken(text) || /[a-z]/.test(text))) {
    const upper = isToken(text) ? text.toUpperCase() : undefined;
    throw refuseAt(at, `no method: ${quoteShort(text)}`, "a method in capitals", upper);
  }
  return text;
}

function isPath(subject: Subject): boolean {
  return subject === "path" || subject === "path_prefix";
}

function matches(asked: AskedSubject, { at, value }: { at: number; value: ReadValue }): Condition {
  const { subject } = asked;
  if (subject === "src" || subject === "path_prefix") {
    throw refuseAt(at, `${JSON.stringify(subject)} with "~"`, '"==", "!=" or "in"');
  }
  try {
    new RegExp(value.text);
  } catch {
    // Why is worded differently by every runtime.
    throw refuseAt(value.at, `no regular expression: ${quoteShort(value.text)}`, "one such as ^/v[12]/");
  }
  return { kind: "matches", ...asked, pattern: value.text };
}
