import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { generateRequests, generateResponses, type Sample } from "../support/codec/corpus.ts";
import { type Events, refusalOf, requests, responses } from "../support/codec/events.ts";
import { Random } from "../support/codec/random.ts";
import { SHAPES } from "../support/codec/shapes.ts";

// The same bytes for our decoders, split at every byte, and for Node's own parser (llhttp), which runs in a Node of
// its own: both must come to the same messages, or the difference must be one of DIFFERENCES.

/** The parser by which DIFFERENCES was written; with another one, some classes may be empty. */
const MEASURED_LLHTTP = "9.3.1";
const REQUESTS = 2500;
const RESPONSES = 1000;

interface NodeMessage {
  method?: string;
  target?: string;
  status?: number;
  reason?: string;
  version: string;
  fields: string[];
  upgrade: boolean;
  body: string;
  trailers: string[];
  complete: boolean;
}

interface NodeVerdict {
  messages: NodeMessage[];
  /** Code of the refusal; HPE_INVALID_EOF_STATE where the bytes ended too early. */
  error?: string;
  /** What was not read, because the connection left HTTP. */
  left: string;
}

/** What is known of a sample on which the two differ. */
interface Comparison {
  readonly sample: Sample;
  readonly decoded: Events;
  /** Both in the same words. */
  readonly ours: Events;
  readonly node: Events;
  readonly verdict: NodeVerdict;
  /** The message of Node's on which ours gave up, where there is one. */
  readonly at: NodeMessage | undefined;
  /** The head of ours on which Node gave up, where there is one. */
  readonly ourHead: string | undefined;
  /** Our refusal and Node's code, or nothing. */
  readonly refusal: string;
  readonly error: string;
}

interface Answer {
  readonly node: string;
  readonly llhttp: string;
  /** The methods that Node's parser knows. */
  readonly methods: readonly string[];
  readonly verdicts: readonly NodeVerdict[];
}

type Outcome = "accepted" | "refused" | "cut";

interface Difference {
  readonly name: string;
  readonly reason: string;
  /** Our outcome and Node's. */
  readonly outcomes: readonly `${Outcome}/${Outcome}`[];
  readonly applies: (comparison: Comparison) => boolean;
}

/** `host[:port]` as the proxy takes it, written anew here: unreserved characters or brackets, and digits. */
const AUTHORITY = /^(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
/** The same with a port of no digits, which is the default port (RFC 3986 §3.2.3), but not for CONNECT. */
const WRITTEN = /^(?:[\w.~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

const STRICTER: Difference["outcomes"] = ["refused/accepted", "refused/cut"];

const DIFFERENCES: readonly Difference[] = [
  // Ours accepts what Node refuses. Each of these must be right by the RFC or decided on purpose.
  {
    name: "any token is a method",
    reason: "RFC 9110 §9.1: a method is any token, which a proxy passes on; Node knows a fixed list of 35",
    outcomes: ["accepted/refused", "cut/refused", "refused/refused"],
    applies: ({ error, ourHead }) => {
      const method = /^\S+/.exec(ourHead ?? "")?.[0];
      return /^HPE_INVALID_(?:METHOD|VERSION|CONSTANT)$/.test(error) && method !== undefined &&
        /^[!#$%&'*+\-.^_`|~\w]+$/.test(method) && !nodeMethods.has(method);
    },
  },
  {
    name: "obs-text in a target",
    reason:
      "decided: bytes of 0x80 and above pass through as they are, for servers that read raw UTF-8 in paths",
    outcomes: ["accepted/refused", "cut/refused"],
    applies: ({ error, ourHead }) =>
      error === "HPE_INVALID_URL" && /^\S+ \w+ (?:http )?[^ ]*[\x80-\xff]/.test(ourHead ?? ""),
  },
  {
    name: "blanks around the signs of a chunk extension",
    reason: "RFC 9112 §7.1.1 allows them (BWS) before and behind `;` and `=`; Node refuses all",
    outcomes: ["accepted/refused", "cut/refused"],
    applies: ({ error, sample }) =>
      error === "HPE_STRICT" && /\n[0-9A-Fa-f]+;(?:[^\r\n"]|"[^\r\n]*")*[ \t]/.test(sample.text),
  },
  {
    name: "framing fields among the trailers",
    reason: "RFC 9110 §6.5.1: ignored, and never sent on (encode.ts); Node counts them as a second framing",
    outcomes: ["accepted/refused", "cut/refused"],
    applies: ({ error, decoded }) =>
      /^HPE_(?:INVALID|UNEXPECTED)_(?:CONTENT_LENGTH|TRANSFER_ENCODING)$/.test(error) &&
      decoded.some((event) => /^trailer (?:content-length|transfer-encoding):/i.test(event)),
  },
  {
    name: "bytes behind the last message of a connection",
    reason:
      "whether the connection goes on is the owner's decision (RFC 9112 §9.3), Node's parser takes it itself",
    outcomes: ["accepted/refused", "cut/refused"],
    applies: ({ error }) => error === "HPE_CLOSED_CONNECTION",
  },
  {
    name: "bytes behind an upgrade or CONNECT",
    reason:
      "whether the connection leaves HTTP is decided by the answer (RFC 9110 §7.8), Node leaves by the request",
    outcomes: ["accepted/accepted", "refused/accepted", "cut/accepted"],
    applies: ({ verdict, sample }) =>
      sample.role === "request" && verdict.left !== "" && verdict.messages.at(-1)!.upgrade,
  },
  {
    name: "a start line in a head that is cut",
    reason:
      "ours judges the start line when the head is complete, so a connection that ends before is only cut",
    outcomes: ["cut/refused"],
    applies: ({ ours }) => ours.length === 1 || ours.at(-2) === "end",
  },
  {
    name: "101 without an upgrade",
    reason: "what follows a 101 is no HTTP, whatever its fields (RFC 9110 §15.2.2); Node waits for the end",
    outcomes: ["accepted/cut"],
    applies: ({ ourHead, ours }) =>
      ours.at(-1) === "idle" && ours.some((word) => word.startsWith("101 ")) && !ourHead,
  },
  {
    name: "an interim answer has no body",
    reason: "RFC 9112 §6.3: 1xx ends with its empty line; Node knows that of 100 to 103 only",
    outcomes: [
      "accepted/cut",
      "accepted/accepted",
      "refused/accepted",
      "refused/cut",
      "cut/accepted",
      "cut/refused",
    ],
    applies: ({ verdict }) => verdict.messages.some(({ status = 0 }) => status > 103 && status < 200),
  },

  // Ours is the stricter one.
  {
    name: "versions besides 1.0 and 1.1",
    reason: "RFC 9112 §2.3; Node takes 2.0 and 0.9 for HTTP/1",
    outcomes: STRICTER,
    applies: ({ at }) => at !== undefined && !/^1\.[01]$/.test(at.version),
  },
  {
    name: "ICE for HTTP",
    reason: "RFC 9112 §2.3; Node takes the streams of Icecast for HTTP",
    outcomes: STRICTER,
    applies: ({ at, sample }) => at?.method === "SOURCE" && / ICE\/1\.0\r\n/.test(sample.text),
  },
  {
    name: "blanks in the request line",
    reason: "RFC 9112 §3: one blank between two parts; Node passes over several",
    outcomes: STRICTER,
    applies: ({ sample, refusal }) =>
      /version|three parts/.test(refusal) && /(?:^|\n)\S+ (?: |\S+ {2})/.test(sample.text),
  },
  {
    name: "bytes before a start line",
    reason:
      "RFC 9112 §2.2: one empty line at most, and only before a request; Node passes over any CR and LF",
    outcomes: STRICTER,
    applies: ({ sample, refusal }) =>
      (/An empty start line$/.test(refusal) && /(?:^|\r\n)\r\n/.test(sample.text)) ||
      (/A bare LF$/.test(refusal) && /(?:^|[^\r])\n/.test(sample.text)) ||
      (/A bare CR$/.test(refusal) && /\r(?!\n)/.test(sample.text)),
  },
  {
    name: "control bytes in a reason phrase",
    reason: "RFC 9112 §4: blanks, visible bytes and obs-text; Node takes any byte but CR and LF",
    outcomes: STRICTER,
    applies: ({ at, refusal }) =>
      /control byte/.test(refusal) && /[^\t\x20-\x7e\x80-\xff]/.test(at?.reason ?? ""),
  },
  {
    name: "statuses below 100",
    reason: "RFC 9110 §15: the first digit is the class, 1 to 5",
    outcomes: STRICTER,
    applies: ({ at }) => at?.status !== undefined && at.status < 100,
  },
  {
    name: "a fragment in a target",
    reason: "RFC 9112 §3.2: no target form has one",
    outcomes: STRICTER,
    applies: ({ at, refusal }) =>
      /bad byte in the request target/.test(refusal) && /#/.test(at?.target ?? ""),
  },
  {
    name: "asterisk-form for a method that is not OPTIONS",
    reason: "RFC 9112 §3.2.4",
    outcomes: STRICTER,
    applies: ({ at }) => at?.target === "*" && at.method !== "OPTIONS",
  },
  {
    name: "the target of CONNECT",
    reason: "RFC 9112 §3.2.3: host:port without user information, the port in range where there is one",
    outcomes: STRICTER,
    applies: ({ at }) =>
      at?.method === "CONNECT" &&
      !(AUTHORITY.test(at.target!) && portFits(at.target!)),
  },
  {
    name: "CONNECT with a body",
    reason: "RFC 9110 §9.3.6: it has no defined meaning, and where the tunnel begins would be anyone's guess",
    outcomes: STRICTER,
    applies: ({ at }) =>
      at?.method === "CONNECT" &&
      (valuesOf(at, "content-length").length > 0 || valuesOf(at, "transfer-encoding").length > 0),
  },
  {
    name: "a target that is neither a path nor an http URL",
    reason:
      "RFC 9112 §3.2.2, RFC 9110 §4.2: no other scheme, no empty host, no user information, no odd authority",
    outcomes: STRICTER,
    applies: ({ at }) => {
      if (at?.target === undefined || /^[/*]/.test(at.target) || at.method === "CONNECT") return false;
      const authority = /^https?:\/\/([^/?]*)/i.exec(at.target)?.[1];
      return authority === undefined || !WRITTEN.test(authority) || !portFits(authority);
    },
  },
  {
    name: "Host",
    reason:
      "RFC 9112 §3.2: one in HTTP/1.1, never two, and an authority; Node's parser leaves it to its server",
    outcomes: STRICTER,
    applies: ({ at }) => {
      if (at?.method === undefined) return false;
      const hosts = valuesOf(at, "host");
      if (hosts.length !== 1) return hosts.length > 1 || at.version === "1.1";
      return !WRITTEN.test(hosts[0]!) || !portFits(hosts[0]!);
    },
  },
  {
    name: "a Host that the target contradicts",
    reason: "decided: RFC 9112 §3.2.2 lets the target win, but programs behind may not",
    outcomes: STRICTER,
    applies: ({ at, refusal }) => /different hosts/.test(refusal) && /^https?:/i.test(at?.target ?? ""),
  },
  {
    name: "a length that a number cannot count",
    reason: "2^53 and above",
    outcomes: STRICTER,
    applies: ({ at }) =>
      at !== undefined &&
      valuesOf(at, "content-length").some((value) => Number(value) > Number.MAX_SAFE_INTEGER),
  },
  {
    name: "Transfer-Encoding in HTTP/1.0",
    reason: "RFC 9112 §6.1: faulty framing",
    outcomes: STRICTER,
    applies: ({ at }) => at?.version === "1.0" && valuesOf(at, "transfer-encoding").length > 0,
  },
  {
    name: "a coding besides a single chunked",
    reason: "RFC 9112 §6.1: 501 for a coding that nobody here understands; Node looks at the last one only",
    outcomes: STRICTER,
    applies: ({ at }) => {
      const codings = at === undefined ? [] : valuesOf(at, "transfer-encoding");
      return codings.length > 1 || (codings.length === 1 && codings[0]!.toLowerCase() !== "chunked");
    },
  },
  {
    name: "a chunk size out of range",
    reason: "over 16 digits, or 2^53 and above",
    outcomes: STRICTER,
    applies: ({ sample, refusal }) =>
      /out of range/.test(refusal) && /\n[0-9A-Fa-f]{14,}[;\r]/.test(sample.text),
  },
  {
    name: "a chunk extension without its name or value",
    reason: "RFC 9112 §7.1.1",
    outcomes: STRICTER,
    applies: ({ sample, refusal }) =>
      /extension without/.test(refusal) &&
      /\n[0-9A-Fa-f]+;.*(?:;[;=\r]|=[;\r]|^;)|\n[0-9A-Fa-f]+;[;=]/.test(sample.text),
  },
];

function valuesOf({ fields }: NodeMessage, name: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]!.toLowerCase() === name);
}

function portFits(authority: string): boolean {
  return Number(/:(\d+)$/.exec(authority)?.[1] ?? 0) <= 65_535;
}

/** Our events in the words that both share: framing and authority are left out, for Node names neither. */
function ourWords(events: Events): Events {
  const words: Events = [];
  for (const event of events) {
    if (event === "closed") words.push("end", "idle");
    else if (event === "tunnel ") words.push("end", "idle");
    else if (event.startsWith("tunnel ")) words.push("end", event);
    else if (refusalOf([event]) !== undefined) words.push("refused");
    else if (/^(?:field|data|trailer) |^(?:end|idle|cut)$/.test(event)) words.push(event);
    else {words.push(
        event.replace(/ HTTP\/1\.([01])(?: \S*)? \((?:length \d+|chunked|close)\)$/, " HTTP/1.$1"),
      );}
  }
  return words;
}

function nodeWords({ messages, error, left }: NodeVerdict): Events {
  const words: Events = [];
  for (const message of messages) {
    const { method, target, status, reason, version, fields, body, trailers, complete } = message;
    const head = status === undefined ? `${method} ${targetWords(method!, target!)}` : `${status} ${reason}`;
    words.push(
      `${head} HTTP/${version}`,
      ...lines("field", status === undefined ? withPort(fields) : fields),
    );
    if (body !== "") words.push("data " + body);
    words.push(...lines("trailer", trailers));
    if (complete) words.push("end");
  }
  if (error === undefined) words.push(left === "" ? "idle" : "tunnel " + left);
  else words.push(error === "HPE_INVALID_EOF_STATE" ? "cut" : "refused");
  return words;
}

/** The fields of a request, with a Host as ours shows it: without an empty port. */
function withPort(flat: readonly string[]): string[] {
  return flat.map((text, i) =>
    i % 2 === 1 && flat[i - 1]!.toLowerCase() === "host" && WRITTEN.test(text) ? text.replace(/:$/, "") : text
  );
}

function lines(word: string, flat: readonly string[]): string[] {
  const words = [];
  // Node leaves blanks at the end of a value to its own users.
  for (let i = 0; i < flat.length; i += 2) {
    words.push(`${word} ${flat[i]}: ${flat[i + 1]!.replace(/[ \t]+$/, "")}`);
  }
  return words;
}

/** A target of Node's in our words: its form, and the path it comes to. */
function targetWords(method: string, target: string): string {
  if (method === "CONNECT") return "authority ";
  if (target.startsWith("/")) return `origin ${target}`;
  if (target === "*") return "asterisk *";
  const [, scheme, rest] = /^(https?):\/\/[^/?]*(.*)$/is.exec(target) ?? [];
  if (scheme === undefined) return `unknown ${target}`;
  const path = rest === "" ? (method === "OPTIONS" ? "*" : "/") : rest!.replace(/^\?/, "/?");
  return `absolute ${scheme.toLowerCase()} ${path}`;
}

function outcomeOf(words: Events): Outcome {
  const last = words.at(-1)!;
  return last === "refused" || last === "cut" ? last : "accepted";
}

/** Whether both came to the same end by the same messages; of two refusals the messages before may differ. */
function agree(ours: Events, node: Events): boolean {
  if (outcomeOf(ours) === "refused" && outcomeOf(node) === "refused") return true;
  return ours.length === node.length && ours.every((word, i) => word === node[i]);
}

async function askNode(samples: readonly Sample[]): Promise<Answer | undefined> {
  const script = fileURLToPath(new URL("../support/codec/node-verdicts.mjs", import.meta.url));
  const child = spawn("node", [script], { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  const ended = new Promise<boolean>((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", () => resolve(true));
  });
  child.stdin.on("error", () => {}); // a Node that is not there cannot be written to, which `error` above says
  child.stdin.end(samples.map((sample) => JSON.stringify(sample)).join("\n") + "\n");
  if (!await ended) return undefined;
  const lines = output.trimEnd().split("\n");
  const { real, node, llhttp, methods } = JSON.parse(lines[0]!);
  // Where there is no Node, Deno runs the script itself and says it is one.
  if (!real) return undefined;
  return {
    node,
    llhttp,
    methods,
    verdicts: lines.slice(1).map((line) => JSON.parse(line)),
  };
}

function compare(sample: Sample, verdict: NodeVerdict): Comparison {
  const decoded = sample.role === "request" ? requests(sample.text) : responses(sample.text, sample);
  const ours = ourWords(decoded);
  const heads = ours.filter((word) =>
    / HTTP\/1\.[01]$/.test(word) && !/^(?:field|data|trailer|tunnel) /.test(word)
  );
  return {
    sample,
    decoded,
    ours,
    node: nodeWords(verdict),
    verdict,
    at: verdict.messages[ours.filter((word) => word === "end").length],
    ourHead: heads[verdict.messages.length],
    refusal: refusalOf(decoded) ?? "",
    error: verdict.error ?? "",
  };
}

const samples: Sample[] = [...SHAPES];
{
  const random = new Random(9112);
  for (let i = 0; i < REQUESTS; i++) samples.push(generateRequests(random));
  for (let i = 0; i < RESPONSES; i++) samples.push(generateResponses(random));
}

const answer = await askNode(samples);
const nodeMethods: ReadonlySet<string> = new Set(answer?.methods);
const skip = answer === undefined && "NOT RUN: there is no `node` on the PATH to compare with";
if (skip) console.error(`\n!!! tests/conformance/against-node.test.ts ${skip} !!!\n`);

test(
  "Decoder agrees with Node's parser on every message but for the listed differences (RFC 9112)",
  { skip },
  () => {
    const { node: version, llhttp, verdicts } = answer!;
    assert.equal(verdicts.length, samples.length);
    const found = new Map<string, number>();
    const unlisted: unknown[] = [];
    let accepted = 0;
    for (const [i, sample] of samples.entries()) {
      const comparison = compare(sample, verdicts[i]!);
      const { ours, node } = comparison;
      if (agree(ours, node)) {
        if (outcomeOf(ours) === "accepted") accepted++;
        continue;
      }
      const outcomes = `${outcomeOf(ours)}/${outcomeOf(node)}` as const;
      const difference = DIFFERENCES.find((one) =>
        one.outcomes.includes(outcomes) && one.applies(comparison)
      );
      if (difference === undefined) {
        const { refusal, error } = comparison;
        unlisted.push({ text: sample.text, methods: sample.methods, refusal, error, ours, node });
      } else found.set(difference.name, (found.get(difference.name) ?? 0) + 1);
    }
    console.log(
      `Compared ${samples.length} connections with Node ${version} (llhttp ${llhttp}); both accept ${accepted} alike.`,
    );
    for (const { name } of DIFFERENCES) console.log(`  ${String(found.get(name) ?? 0).padStart(4)}  ${name}`);
    assert.deepEqual(unlisted.slice(0, 5), []);
    // A class that nothing falls into any more is not a difference, and must not hide one.
    if (llhttp === MEASURED_LLHTTP) {
      assert.deepEqual(DIFFERENCES.filter(({ name }) => !found.has(name)).map(({ name }) => name), []);
    }
    assert.ok(accepted > 1500);
  },
);
