import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { ProxyError } from "../../src/base/errors.ts";
import { fieldName } from "../../src/http/field-name.ts";
import type { Fields } from "../../src/http/fields.ts";
import { DEFAULT_LIMITS } from "../support/default-limits.ts";
import { HeadReader, type HeadRules } from "../../src/http1/head-reader.ts";
import { generateRequests, generateResponses } from "../support/codec/corpus.ts";
import { Random } from "../support/codec/random.ts";
import { TextHeadReader } from "../support/codec/text-head-reader.ts";

// Heads in any pieces, sound ones and others, read by the proxy's reader and by one that makes text of everything. Both
// refuse the same ones for the same reason, and every field, asked for as text in any order, is the same. The variable
// SLUICE_FUZZ sets the number of heads. The seeds are fixed, so a failure comes again; it prints its head.

const HEADS = Number(process.env["SLUICE_FUZZ"] || 20_000);
/** Heads of one test, so that no test comes near a runner's time limit. */
const BATCH = 20_000;

const RULES: HeadRules = {
  limits: DEFAULT_LIMITS,
  blame: "bad_request",
  tooLarge: "headers_too_large",
  startLineTooLong: "target_too_long",
  hasStartLine: true,
};
const SMALL_RULES: HeadRules = { ...RULES, limits: { headerSize: 150, headerCount: 3, targetSize: 1 } };
const TRAILER_RULES: HeadRules = { ...RULES, hasStartLine: false };

type Lines = [name: string, value: string][];

interface Outcome {
  /** Why it was refused; undefined where it was not. */
  readonly refusal?: string;
  /** Index behind the head among all bytes, or -1 where it is not complete. */
  readonly end?: number;
  readonly startLine?: string;
}

/** What `push` of a reader made of `pieces`. */
function outcomeOf(
  push: (piece: Buffer) => number,
  pieces: readonly Buffer[],
  startLine: () => string,
): Outcome {
  let before = 0;
  try {
    for (const piece of pieces) {
      const end = push(piece);
      if (end !== -1) return { end: before + end, startLine: startLine() };
      before += piece.length;
    }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return { refusal: `${error.kind}: ${error.message}` };
  }
  return { end: -1 };
}

/** Asks for everything that `fields` tell of each of `lines`, in random order and more than once, and changes some of it. */
function compare(fields: Fields, lines: Lines, random: Random): void {
  assert.equal(fields.size, lines.length);
  for (let asked = lines.length * 3; asked > 0; asked--) {
    const i = random.below(lines.length);
    const [name, value] = lines[i]!;
    const question = random.below(6);
    if (question === 0) assert.equal(fields.name(i), name);
    else if (question === 1) assert.equal(fields.value(i), value);
    else if (question === 2) assert.deepEqual(fields.kinds[i], fieldName(name.toLowerCase()));
    else if (question === 3) assert.equal(fields.numberOf(i), /^\d{1,15}$/.test(value) ? Number(value) : -1);
    else if (question === 4) {
      assert.ok(fields.valueIs(i, value));
      assert.ok(!fields.valueIs(i, value + "x") && !fields.valueIs(i, "x" + value));
    } else if (random.chance(0.2)) change(fields, lines, i, random);
  }
  for (let i = 0; i < lines.length; i++) assert.deepEqual([fields.name(i), fields.value(i)], lines[i]);
  const lower = random.pick(lines)?.[0].toLowerCase() ?? "x";
  const named = lines.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value);
  assert.equal(fields.get(lower), named.length === 0 ? undefined : named.join(", "));
}

/** Makes one change to `fields` and the same to `lines`. */
function change(fields: Fields, lines: Lines, i: number, random: Random): void {
  const kind = random.below(3);
  if (kind === 0) {
    lines[i]![1] = "changed";
    fields.setValue(i, "changed");
  } else if (kind === 1) {
    lines.push(["Added", "1"]);
    fields.append("Added", "1");
  } else if (lines.length > 1 && lines.some(([name]) => name.toLowerCase() !== lines[i]![0].toLowerCase())) {
    const removed = lines[i]![0].toLowerCase();
    lines.splice(0, lines.length, ...lines.filter(([name]) => name.toLowerCase() !== removed));
    fields.removeWhere(({ lower }) => lower === removed);
  }
}

function cutUp(bytes: Buffer, random: Random): Buffer[] {
  if (random.chance(0.05)) return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  const pieces: Buffer[] = [];
  let from = 0;
  for (let cuts = random.below(4); cuts > 0; cuts--) {
    const to = from + random.below(bytes.length - from + 1);
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  pieces.push(bytes.subarray(from));
  return pieces;
}

/** The bytes of a head and what comes behind it, some of them with one byte changed. */
function headBytes(random: Random): Buffer {
  const { text } = random.chance(0.5) ? generateRequests(random) : generateResponses(random);
  const padding = random.chance(0.05) ? `Padding:${" ".repeat(random.below(6000))}x\r\n` : "";
  const lineEnd = text.indexOf("\r\n") + 2;
  const bytes = Buffer.from(text.slice(0, lineEnd) + padding + text.slice(lineEnd), "latin1");
  if (bytes.length > 0 && random.chance(0.3)) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

const seen = { refused: 0, incomplete: 0, complete: 0 };

for (let batch = 0; batch * BATCH < HEADS; batch++) {
  const count = Math.min(BATCH, HEADS - batch * BATCH);
  test(`Fields say the same of ${count} heads in any pieces as text cut out of them, batch ${batch + 1} (RFC 9112 §5)`, () => {
    const random = new Random(1000 + batch);
    // Used for one head after another where they are complete, as on a connection.
    const readers = new Map(
      [RULES, SMALL_RULES, TRAILER_RULES].map((rules) => [rules, new HeadReader(rules)]),
    );
    for (let i = 0; i < count; i++) {
      let bytes = headBytes(random);
      const rules = random.pick([RULES, RULES, RULES, SMALL_RULES, TRAILER_RULES]);
      if (rules === TRAILER_RULES) bytes = bytes.subarray(bytes.indexOf("\r\n") + 2);
      const pieces = cutUp(bytes, random);
      const expected = new TextHeadReader(rules);
      const reader = readers.get(rules)!;
      try {
        const outcome = outcomeOf(
          (piece) => reader.push(piece, 0),
          pieces,
          () => reader.bytes.toString("latin1", reader.begin, reader.startLineEnd),
        );
        assert.deepEqual(
          outcome,
          outcomeOf((piece) => expected.push(piece, 0), pieces, () => expected.startLine),
        );
        if (outcome.refusal !== undefined) seen.refused++;
        else if (outcome.end === -1) seen.incomplete++;
        else {
          seen.complete++;
          const fields = reader.fields();
          reader.reset();
          compare(fields, expected.lines(), random);
        }
        if (outcome.end === undefined || outcome.end === -1) readers.set(rules, new HeadReader(rules));
      } catch (cause) {
        const shown = { text: bytes.toString("latin1"), pieces: pieces.map((piece) => piece.length), rules };
        throw new Error(`Head ${i} of batch ${batch + 1}: ${JSON.stringify(shown)}`, { cause });
      }
    }
  });
}

test("Fields were asked of enough heads, and enough others refused", () => {
  assert.deepEqual(Object.entries(seen).filter(([, times]) => times < HEADS / 100), []);
});
