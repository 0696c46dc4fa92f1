import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMetrics } from "../../support/metrics-parser.ts";

const VALID = `# A comment that says nothing.
# HELP requests_total Requests,\\nby "code" and \\\\ method.
# TYPE requests_total counter
requests_total{code="200",method="GET"} 1027 1395066363000
requests_total{method="GET",code="400",} 3

#TYPE temperature gauge
temperature{path="C:\\\\dir",said="\\"hi\\"\\n"}   -1.5e-3
  temperature { path = "{a,b} = #" , said="ü" } +Inf\t
temperature -Inf
bare_metric NaN
# HELP wait_seconds
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.1"} 1
wait_seconds_bucket{le="1"} 1
wait_seconds_bucket{le="+Inf"} 4
wait_seconds_sum 12.5
wait_seconds_count 4
wait_seconds_bucket{server="b",le="-1"} 0
wait_seconds_bucket{le="+Inf",server="b"} 0
wait_seconds_sum{server="b"} 0
wait_seconds_count{server="b"} 0
# TYPE size_bytes summary
size_bytes{quantile="0.5"} 10
size_bytes_sum 100
size_bytes_count 7
# TYPE queue_count gauge
queue_count .5
# TYPE unused_total counter
`;

test("parseMetrics() finds families with type, help and samples in the order of the text", () => {
  const families = parseMetrics(VALID);
  assert.deepEqual([...families.values()].map(({ name, type }) => `${name} ${type}`), [
    "requests_total counter",
    "temperature gauge",
    "bare_metric untyped",
    "wait_seconds histogram",
    "size_bytes summary",
    "queue_count gauge",
    "unused_total counter",
  ]);
  assert.deepEqual([...families.keys()], [...families.values()].map(({ name }) => name));
  assert.deepEqual(families.get("requests_total"), {
    name: "requests_total",
    type: "counter",
    help: 'Requests,\nby "code" and \\ method.',
    samples: [
      { name: "requests_total", labels: { code: "200", method: "GET" }, value: 1027 },
      { name: "requests_total", labels: { method: "GET", code: "400" }, value: 3 },
    ],
  });
  assert.deepEqual(families.get("temperature")?.samples, [
    { name: "temperature", labels: { path: "C:\\dir", said: '"hi"\n' }, value: -0.0015 },
    { name: "temperature", labels: { path: "{a,b} = #", said: "ü" }, value: Infinity },
    { name: "temperature", labels: {}, value: -Infinity },
  ]);
  assert.ok(Number.isNaN(families.get("bare_metric")?.samples[0]?.value));
  assert.equal(families.get("wait_seconds")?.help, "");
  assert.equal(families.get("wait_seconds")?.samples.length, 9);
  assert.deepEqual(families.get("unused_total")?.samples, []);
});

test("parseMetrics() finds nothing in nothing", () => {
  assert.equal(parseMetrics("").size, 0);
  assert.equal(parseMetrics("\n# only a comment\n").size, 0);
});

for (const number of ["0", "1.", ".5", "1e9", "1E+9", "-0.25", "+7", "NaN", "+Inf", "-Inf"]) {
  test(`parseMetrics() takes ${number} for a number`, () => {
    const wanted = Number(number.replace("Inf", "Infinity"));
    assert.equal(parseMetrics(`a ${number}\n`).get("a")?.samples[0]?.value, wanted);
  });
}

const HISTOGRAM = "# TYPE h histogram\n";
const ENDS = "h_sum 1\nh_count 3\n";
const invalid: [text: string, line: number, message: RegExp, what: string][] = [
  ["a 1\nb 2", 2, /line feed/, "a last line without a line feed"],
  ["a 1\r\n", 1, /carriage return/, "a carriage return"],
  ["# HELP a x\n# HELP a x\n", 2, /second HELP a/, "a second HELP"],
  ["# TYPE a gauge\n# TYPE a gauge\n", 2, /second TYPE a/, "a second TYPE"],
  ["a 1\n# HELP a x\n", 2, /after its samples/, "a HELP after the samples"],
  ["a 1\n# TYPE a gauge\n", 2, /after its samples/, "a TYPE after the samples"],
  ['a{b="1"} 1\nc 1\na{b="2"} 1\n', 3, /again/, "a sample after those of another family"],
  ["# HELP a x\n# HELP b x\n# TYPE a gauge\n", 3, /again/, "a TYPE apart from its HELP"],
  [
    `${HISTOGRAM}h_bucket{le="+Inf"} 3\n${ENDS}a 1\nh_sum{b="1"} 3\n`,
    6,
    /again/,
    "a histogram that goes on later",
  ],
  ["# HELP\n", 1, /invalid metric name/, "a HELP without a name"],
  ["# TYPE a\n", 1, /invalid type/, "a TYPE without a type"],
  ["# TYPE a enum\n", 1, /invalid type "enum"/, "an unknown type"],
  ["# TYPE a-b gauge\n", 1, /invalid metric name/, "a TYPE of an invalid name"],
  ["# HELP a tab\\tulator\n", 1, /invalid escape/, "an unknown escape in HELP"],
  ['# HELP a \\"quoted\\"\n', 1, /invalid escape/, "an escaped quote in HELP"],
  ["# HELP a open\\\n", 1, /invalid escape/, "an open escape in HELP"],
  ["1a 1\n", 1, /invalid metric name/, "a metric name that begins with a digit"],
  ["a.b 1\n", 1, /invalid metric name/, "a dot in a metric name"],
  ['{b="1"} 1\n', 1, /invalid metric name/, "no metric name"],
  ['a{1b="1"} 1\n', 1, /invalid label name/, "a label name that begins with a digit"],
  ['a{b:c="1"} 1\n', 1, /invalid label name/, "a colon in a label name"],
  ['a{__b="1"} 1\n', 1, /invalid label name/, "a label name that is kept for Prometheus"],
  ['a{="1"} 1\n', 1, /invalid label name/, "an empty label name"],
  ['a{b="1",b="2"} 1\n', 1, /second label "b"/, "a label twice"],
  ["a{b=1} 1\n", 1, /invalid labels/, "a label value without quotes"],
  ["a{b='1'} 1\n", 1, /invalid labels/, "a label value in single quotes"],
  ['a{b="1" 1\n', 1, /no comma or brace/, "labels without an end"],
  ['a{b="1 1\n', 1, /invalid labels/, "a label value without an end"],
  ['a{b="1"c="2"} 1\n', 1, /no comma or brace/, "labels without a comma"],
  ['a{b="1",,c="2"} 1\n', 1, /invalid labels/, "two commas between labels"],
  ["a{,} 1\n", 1, /invalid labels/, "a comma without a label"],
  ['a{b="\\t"} 1\n', 1, /invalid escape/, "an unknown escape in a label value"],
  ['a{b="x\ny"} 1\n', 1, /invalid labels/, "a line feed in a label value"],
  ["a\n", 1, /invalid number ""/, "no value"],
  ["# HELP a \u2028\na 1\n# HELP a\n", 3, /after/, "a HELP after one with a Unicode line separator"],
  ["a 1,5\n", 1, /invalid number/, "a comma in a number"],
  ["a Inf\n", 1, /invalid number/, "an infinity without a sign"],
  ["a nan\n", 1, /invalid number/, "a NaN in small letters"],
  ["a Infinity\n", 1, /invalid number/, "JavaScript's infinity"],
  ["a undefined\n", 1, /invalid number/, "JavaScript's undefined"],
  ["a\u00a01\n", 1, /invalid metric name/, "a no-break space for a blank"],
  ["a \u00a01\n", 1, /invalid number/, "a no-break space in front of a number"],
  ["a 0x10\n", 1, /invalid number/, "a hexadecimal number"],
  ["a 1 1.5\n", 1, /invalid timestamp/, "a fraction as timestamp"],
  ["a 1 2 3\n", 1, /more after/, "more after the timestamp"],
  ["a 1\na 1\n", 2, /second sample/, "a sample twice"],
  ['a{b="1",c="2"} 1\na{c="2",b="1"} 5\n', 2, /second sample/, "a sample twice, labels in another order"],
  ["# TYPE a counter\n", 1, /without "_total"/, "a counter whose name does not say so"],
  ["# TYPE a_total counter\na_total -1\n", 2, /is -1/, "a counter below 0"],
  ["# TYPE a_total counter\na_total NaN\n", 2, /is NaN/, "a counter that is not a number"],
  ['# TYPE a gauge\na{le="1"} 1\n', 2, /with "le"/, "a gauge with a label le"],
  [`${HISTOGRAM}h 1\n`, 2, /without an ending/, "a histogram's bare name"],
  [`${HISTOGRAM}h_bucket 1\n`, 2, /without "le"/, "a bucket without le"],
  [`${HISTOGRAM}h_bucket{le="x"} 1\n`, 2, /invalid number/, "a bucket whose le is no number"],
  [`${HISTOGRAM}h_bucket{le="NaN"} 1\n`, 2, /NaN/, "a bucket whose le is NaN"],
  [`${HISTOGRAM}h_bucket{le="1"} -1\n`, 2, /is -1/, "a bucket below 0"],
  [`${HISTOGRAM}h_sum{le="1"} 1\n`, 2, /with "le"/, "a sum with le"],
  [
    `${HISTOGRAM}h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 3\n${ENDS}`,
    6,
    /le 1/,
    "falling le",
  ],
  [
    `${HISTOGRAM}h_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 3\n${ENDS}`,
    6,
    /le 1/,
    "an le twice",
  ],
  [`${HISTOGRAM}h_bucket{le="1"} 4\nh_bucket{le="+Inf"} 3\n${ENDS}`, 5, /4 before/, "falling buckets"],
  [`${HISTOGRAM}h_bucket{le="1"} 3\n${ENDS}`, 4, /no \+Inf/, "no +Inf bucket"],
  [`${HISTOGRAM}${ENDS}`, 3, /no \+Inf/, "no bucket at all"],
  [`${HISTOGRAM}h_bucket{le="+Inf"} 2\n${ENDS}`, 4, /count 3/, "a count that is not the +Inf bucket"],
  [`${HISTOGRAM}h_bucket{le="+Inf"} 2\nh_sum 1\n`, 3, /count undefined/, "a histogram without a count"],
  [`${HISTOGRAM}h_bucket{le="+Inf"} 2\nh_count 2\na 1\n`, 4, /no sum/, "a histogram without a sum"],
  [
    `${HISTOGRAM}h_bucket{le="+Inf",b="1"} 3\n${ENDS}`,
    4,
    /no \+Inf|count/,
    "buckets of other labels than the count",
  ],
  [`h_sum 1\n${HISTOGRAM}`, 2, /collides/, "a histogram's sum before its TYPE"],
  [`${HISTOGRAM}# TYPE h_sum gauge\n`, 2, /collides/, "a gauge that is called as a histogram's sum"],
  ["# TYPE s summary\ns 1\n", 2, /without "quantile"/, "a summary without a quantile"],
  ['# TYPE s summary\ns{quantile="2"} 1\n', 2, /invalid quantile/, "a quantile above 1"],
];
for (const [text, line, message, what] of invalid) {
  test(`parseMetrics() throws on ${what}`, () => {
    assert.throws(() => parseMetrics(text), (error: Error) => {
      assert.match(error.message, new RegExp(`^Line ${line}: `));
      assert.match(error.message, message);
      return true;
    });
  });
}
