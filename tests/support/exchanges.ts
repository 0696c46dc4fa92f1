import { eventually } from "./eventually.ts";
import type { RawClient } from "./raw-client.ts";

/** Sends `text` and returns the answer to it, where that has a Content-Length; the connection may be used again. */
export async function exchangeOn(client: RawClient, text: string): Promise<string> {
  const from = client.received.length;
  client.send(text);
  return await eventually("a whole answer", () => wholeAnswer(client.received.slice(from)));
}

/** `text` where all of an answer is there. */
function wholeAnswer(text: string): string | undefined {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const [, length = "0"] = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, head + 2)) ?? [];
  return text.length >= head + 4 + Number(length) ? text : undefined;
}

/** The status of an answer. */
export function statusIn(answer: string): string {
  return answer.split(" ")[1] ?? "";
}

/** The values of a field in an answer or a request, in order. */
export function valuesIn(text: string, name: string): string[] {
  const head = text.split("\r\n\r\n")[0]!;
  return head.split("\r\n").slice(1).filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim());
}
