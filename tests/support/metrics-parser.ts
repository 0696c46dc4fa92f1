/** One line with a value. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** A metric: what is said about it, and its samples in the order of the text. */
export interface MetricFamily {
  readonly name: string;
  type: MetricType;
  help: string;
  readonly samples: MetricSample[];
}

export type MetricType = "counter" | "gauge" | "histogram" | "summary" | "untyped";

const TYPES: ReadonlySet<string> = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);
/** Endings that a sample's name may have over its family's, for the types that have such. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["_sum", "_count"],
};

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/; // "__" is kept for Prometheus itself
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const TIMESTAMP = /^-?\d+$/;

/**
 * Parses the Prometheus text format 0.0.4 strictly: throws an `Error` starting with `Line <n>:` on everything
 * that the format does not allow, and by our own rule on a counter whose name does not end in `_total`, unless a predecessor gave it.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  const reader = new Reader();
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error(`Line ${lines.length + 1}: does not end with a line feed`);
  lines.forEach((line, i) => {
    try {
      reader.read(line);
    } catch (error) {
      throw new Error(`Line ${i + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
  try {
    reader.close();
  } catch (error) {
    throw new Error(`Line ${lines.length}: ${(error as Error).message}`, { cause: error });
  }
  return reader.families;
}

/** Takes one line after the other; the messages it throws have no line number. */
class Reader {
  readonly families = new Map<string, MetricFamily>();
  /** The family whose group of lines this is. */
  #open: MetricFamily | undefined;
  readonly #said = new Set<string>();
  readonly #seen = new Set<string>();

  read(line: string): void {
    if (line.includes("\r")) throw new Error("carriage return");
    const content = trimStart(line);
    const statement = /^#[ \t]*(HELP|TYPE)(?:[ \t]+(.*))?$/s.exec(content);
    if (statement !== null) this.#describe(statement[1]!, statement[2] ?? "");
    else if (content !== "" && !content.startsWith("#")) this.#add(parseSample(content));
  }

  /** Ends the open family, whose samples are complete now. */
  close(): void {
    if (this.#open?.type === "histogram") checkHistogram(this.#open);
    this.#open = undefined;
  }

  #describe(keyword: string, rest: string): void {
    const [, name, text] = /^([^ \t]*)(?:[ \t]+(.*))?$/s.exec(rest)!;
    if (!METRIC_NAME.test(name!)) throw new Error(`invalid metric name "${name}"`);
    const family = this.#enter(name!);
    if (family.samples.length > 0) throw new Error(`${keyword} of "${name}" after its samples`);
    const said = `${keyword} ${name}`;
    if (this.#said.has(said)) throw new Error(`second ${said}`);
    this.#said.add(said);
    if (keyword === "HELP") family.help = unescape(text ?? "", "\\n");
    else family.type = this.#typeOf(family.name, trimEnd(text ?? ""));
  }

  #typeOf(name: string, type: string): MetricType {
    if (!TYPES.has(type)) throw new Error(`invalid type "${type}"`);
    if (type === "counter" && !name.endsWith("_total") && !name.startsWith("http_proxy_lb_")) {
      throw new Error(`counter "${name}" without "_total"`);
    }
    for (const ending of ENDINGS[type] ?? []) {
      if (this.families.has(name + ending)) throw new Error(`"${name}" collides with "${name + ending}"`);
    }
    return type as MetricType;
  }

  #add(sample: MetricSample): void {
    const family = this.#enter(this.#parentOf(sample.name)?.name ?? sample.name);
    checkSample(sample, family);
    const labels = Object.entries(sample.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([sample.name, labels]);
    if (this.#seen.has(key)) throw new Error(`second sample of ${sample.name} with the same labels`);
    this.#seen.add(key);
    family.samples.push(sample);
  }

  /** The histogram or summary that a sample or family of this name is a part of. */
  #parentOf(name: string): MetricFamily | undefined {
    const [, stem, ending] = /^(.*)(_bucket|_sum|_count)$/.exec(name) ?? [];
    const parent = stem === undefined ? undefined : this.families.get(stem);
    return parent !== undefined && ENDINGS[parent.type]?.includes(ending!) ? parent : undefined;
  }

  /** The family of this name, which is or becomes the open one. */
  #enter(name: string): MetricFamily {
    if (this.#open?.name === name) return this.#open;
    if (this.families.has(name)) throw new Error(`"${name}" again, after other metrics`);
    if (this.#parentOf(name) !== undefined) throw new Error(`"${name}" collides with another metric`);
    this.close();
    this.#open = { name, type: "untyped", help: "", samples: [] };
    this.families.set(name, this.#open);
    return this.#open;
  }
}

/** Parses `name{label="value",…} value [timestamp]`. */
function parseSample(line: string): MetricSample {
  const name = /^[^{ \t]*/.exec(line)![0];
  if (!METRIC_NAME.test(name)) throw new Error(`invalid metric name "${name}"`);
  const labels: Record<string, string> = {};
  let rest = trimStart(line.slice(name.length));
  if (rest.startsWith("{")) rest = parseLabels(rest.slice(1), labels);
  const [value = "", timestamp, ...more] = trimEnd(trimStart(rest)).split(/[ \t]+/);
  if (timestamp !== undefined && !TIMESTAMP.test(timestamp)) {
    throw new Error(`invalid timestamp "${timestamp}"`);
  }
  if (more.length > 0) throw new Error(`more after the timestamp: "${more.join(" ")}"`);
  return { name, labels, value: parseFloatStrictly(value) };
}

/** Fills `labels` from the text behind `{`; returns what follows the `}`. A comma may end them. */
function parseLabels(text: string, labels: Record<string, string>): string {
  let rest = trimStart(text);
  while (!rest.startsWith("}")) {
    const [whole, name, value] = /^([^=,{}"]*?)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*/.exec(rest) ?? [];
    if (whole === undefined) throw new Error(`invalid labels at "${rest}"`);
    if (!LABEL_NAME.test(name!)) throw new Error(`invalid label name "${name}"`);
    if (Object.hasOwn(labels, name!)) throw new Error(`second label "${name}"`);
    labels[name!] = unescape(value!, '\\n"');
    rest = rest.slice(whole.length);
    if (rest.startsWith(",")) rest = trimStart(rest.slice(1));
    else if (!rest.startsWith("}")) throw new Error(`no comma or brace at "${rest}"`);
  }
  return rest.slice(1);
}

/** Only blanks and tabs separate: JavaScript's own `trim` takes more for white space. */
function trimStart(text: string): string {
  return text.replace(/^[ \t]+/, "");
}

function trimEnd(text: string): string {
  return text.replace(/[ \t]+$/, "");
}

/** Resolves the backslash in front of one of the characters `allowed`, where n is a line feed. */
function unescape(text: string, allowed: string): string {
  return text.replace(/\\(.?)/g, (escape, character: string) => {
    if (character === "" || !allowed.includes(character)) throw new Error(`invalid escape "${escape}"`);
    return character === "n" ? "\n" : character;
  });
}

function parseFloatStrictly(text: string): number {
  if (text === "NaN") return NaN;
  if (text === "+Inf" || text === "-Inf") return text === "+Inf" ? Infinity : -Infinity;
  if (!FLOAT.test(text)) throw new Error(`invalid number "${text}"`);
  return Number(text);
}

/** Checks one sample against its family's type. */
function checkSample({ name, labels, value }: MetricSample, { name: family, type }: MetricFamily): void {
  const isBucket = type === "histogram" && name === `${family}_bucket`;
  const isQuantile = type === "summary" && name === family;
  if (type === "histogram" && name === family) throw new Error(`histogram "${name}" without an ending`);
  if (isBucket !== Object.hasOwn(labels, "le")) {
    throw new Error(`${name} ${isBucket ? "without" : "with"} "le"`);
  }
  if (isQuantile !== Object.hasOwn(labels, "quantile")) {
    throw new Error(`${name} ${isQuantile ? "without" : "with"} "quantile"`);
  }
  if (isBucket && Number.isNaN(parseFloatStrictly(labels["le"]!))) throw new Error(`"le" is NaN`);
  if (isQuantile && !(parseFloatStrictly(labels["quantile"]!) >= 0 && Number(labels["quantile"]) <= 1)) {
    throw new Error(`invalid quantile "${labels["quantile"]}"`);
  }
  const counts = type === "counter" || isBucket || (name !== family && name.endsWith("_count"));
  if (counts && !(value >= 0 && value < Infinity)) throw new Error(`${name} is ${value}`);
}

/** Checks that each label set has rising buckets up to +Inf, a count equal to it, and a sum. */
function checkHistogram({ name, samples }: MetricFamily): void {
  const groups = new Map<
    string,
    { buckets: [le: number, count: number][]; count?: number; hasSum: boolean }
  >();
  for (const { name: sample, labels: { le, ...labels }, value } of samples) {
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(key) ?? { buckets: [], hasSum: false };
    groups.set(key, group);
    if (le !== undefined) group.buckets.push([parseFloatStrictly(le), value]);
    else if (sample === `${name}_count`) group.count = value;
    else group.hasSum = true;
  }
  for (const [labels, { buckets, count, hasSum }] of groups) {
    const where = `histogram "${name}" of ${labels}`;
    buckets.forEach(([le, value], i) => {
      const [leBefore, before] = buckets[i - 1] ?? [-Infinity, 0];
      if (i > 0 && le <= leBefore) throw new Error(`${where}: le ${le} after ${leBefore}`);
      if (value < before) throw new Error(`${where}: ${value} up to ${le}, but ${before} before`);
    });
    const last = buckets.at(-1);
    if (last?.[0] !== Infinity) throw new Error(`${where}: no +Inf bucket`);
    if (last[1] !== count) throw new Error(`${where}: +Inf bucket of ${last[1]}, count ${count}`);
    if (!hasSum) throw new Error(`${where}: no sum`);
  }
}
