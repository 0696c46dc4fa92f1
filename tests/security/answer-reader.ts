import assert from "node:assert/strict";

/** An answer as a client got it. */
export interface SeenAnswer {
  readonly status: number;
  /** Status line and fields, a LF behind each. */
  readonly head: string;
  readonly body: string;
  /** Whether its framing says that all of it is there; false for one that only the connection's end can end. */
  readonly complete: boolean;
}

const HEAD = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n(?:[!-9;-~]+: [^\r\n]*\r\n)*\r\n/;

/**
 * The answers in `bytes`, interim ones included, as a client reads them that asked with `methods` (GET where the
 * list ends). Asserts that each head is well-formed and framed at most once; `rest` is what is no head.
 */
export function readAnswers(
  bytes: string,
  methods: readonly string[] = [],
): { answers: SeenAnswer[]; rest: string } {
  const answers: SeenAnswer[] = [];
  let rest = bytes;
  let asked = 0;
  for (;;) {
    const match = HEAD.exec(rest);
    if (match === null) return { answers, rest };
    const head = match[0].replaceAll("\r\n", "\n");
    const status = Number(match[1]);
    rest = rest.slice(match[0].length);
    const bodyless = status < 200 || status === 204 || status === 304 || methods[asked] === "HEAD";
    if (status >= 200) asked++;
    const { body, size, complete } = bodyless ? NOTHING : readBody(head, rest);
    answers.push({ status, head, body, complete });
    rest = rest.slice(size);
  }
}

const NOTHING = { body: "", size: 0, complete: true };

function readBody(head: string, bytes: string): { body: string; size: number; complete: boolean } {
  const lengths = head.match(/^content-length: .*$/gim) ?? [];
  const codings = head.match(/^transfer-encoding: .*$/gim) ?? [];
  assert.ok(lengths.length + codings.length <= 1);
  if (codings.length === 1) {
    assert.equal(codings[0]!.toLowerCase(), "transfer-encoding: chunked");
    return readChunks(bytes);
  }
  if (lengths.length === 0) return { body: bytes, size: bytes.length, complete: false };
  const length = Number(/^content-length: (\d+)$/i.exec(lengths[0]!)![1]);
  const body = bytes.slice(0, length);
  return { body, size: body.length, complete: body.length === length };
}

function readChunks(bytes: string): { body: string; size: number; complete: boolean } {
  let body = "";
  let at = 0;
  for (;;) {
    const match = /^([0-9a-f]+)\r\n/.exec(bytes.slice(at));
    if (match === null) return { body, size: bytes.length, complete: false };
    const size = parseInt(match[1]!, 16);
    at += match[0].length;
    if (size === 0) {
      const trailers = /^(?:[^\r\n]+\r\n)*\r\n/.exec(bytes.slice(at));
      if (trailers === null) return { body, size: bytes.length, complete: false };
      return { body, size: at + trailers[0].length, complete: true };
    }
    body += bytes.slice(at, at + size);
    at += size + 2;
  }
}
