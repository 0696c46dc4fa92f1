import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Beside, type PeerName } from "./beside.ts";
import { programPath, sayMissing } from "./commands.ts";
import { ask, type Asked, comparable, groupOf, Servers } from "./likeness.ts";

const FILES = fileURLToPath(new URL("./converted/", import.meta.url));

/** Requests of each file, and files of each program. */
const REQUESTS = 30;
const FILE_COUNT = 6;

/**
 * Tests that the real program and Sluice answer alike, by the files of its folder in `converted/`. In these `@app1@` is the
 * port of a server, `@LISTEN@` the one to listen on; lines `#: METHOD host path X-A=b` are what is asked, and
 * `#* host host … /path /path …` asks each host for each path.
 */
export function testPeer(name: PeerName): void {
  const skip = programPath(name) === undefined && sayMissing(name);
  const files = readdirSync(FILES + name).sort();

  test(`there are ${FILE_COUNT} files of ${name}`, () => assert.equal(files.length, FILE_COUNT));

  for (const file of files) {
    test(`Sluice answers as ${name} does with ${file}`, { skip }, async (t) => {
      const text = readFileSync(`${FILES}${name}/${file}`, "utf8");
      const asked = requestsIn(text);
      assert.ok(asked.length >= REQUESTS, `${asked.length} requests`);
      const servers = await Servers.start(
        [...new Set(text.match(/@[a-z]+\d*@/g))].map((mark) => mark.slice(1, -1)),
      );
      t.after(() => servers.dispose());
      const beside = await Beside.start(name, (port) => withPorts(text, { ...servers.ports, LISTEN: port }));
      t.after(() => beside.dispose());
      const answers = await Promise.all(
        [beside.peerPort, beside.sluicePort].map((port) => Promise.all(asked.map((one) => ask(port, one)))),
      );
      const [peer = [], sluice = []] = answers;
      const plain = (from: typeof peer, others: typeof peer, port: number) => (i: number) =>
        JSON.parse(JSON.stringify(comparable(from[i]!, others[i]!)).replaceAll(`:${port}`, ":LISTEN"));
      const [ofSluice, ofPeer] = [
        plain(sluice, peer, beside.sluicePort),
        plain(peer, sluice, beside.peerPort),
      ];
      const different = asked.map((one, i) => ({
        asked: describe(one),
        sluice: ofSluice(i),
        peer: ofPeer(i),
      }))
        .filter((one) => !isDeepStrictEqual(one.sluice, one.peer));
      assert.deepEqual(different, []);
      // Which of several servers gets which request depends on the order in which they come; how many each gets does not.
      assert.deepEqual(sharesOf(sluice), sharesOf(peer));
    });
  }
}

function withPorts(text: string, ports: Readonly<Record<string, number>>): string {
  return text.replace(/@(\w+)@/g, (_, name: string) => String(ports[name]));
}

function requestsIn(text: string): Asked[] {
  const asked: Asked[] = [];
  for (const [, kind, line = ""] of text.matchAll(/^#([:*]) (.*)$/gm)) {
    const words = line.split(/\s+/);
    if (kind === ":") {
      const [method = "", host = "", path = "", ...fields] = words;
      asked.push({
        method,
        host,
        path,
        headers: fields.map((field) => field.split(/=(.*)/s).slice(0, 2) as [string, string]),
      });
    } else {
      const paths = words.filter((word) => word.startsWith("/"));
      for (const host of words.filter((word) => !word.startsWith("/"))) {
        asked.push(...paths.map((path) => ({ method: "GET", host, path, headers: [] })));
      }
    }
  }
  return asked;
}

function describe({ method, host, path, headers }: Asked): string {
  return `${method} ${host}${path} ${headers.map((field) => field.join("=")).join(" ")}`.trim();
}

/** How many requests each server got, in groups of several. */
function sharesOf(
  answers: readonly { readonly seen: { readonly server: string } | undefined }[],
): Record<string, string> {
  const counts = new Map<string, number>();
  for (const { seen } of answers) {
    if (seen !== undefined) counts.set(seen.server, (counts.get(seen.server) ?? 0) + 1);
  }
  const groups = new Map<string, number[]>();
  for (const [server, count] of counts) {
    groups.set(groupOf(server), [...groups.get(groupOf(server)) ?? [], count]);
  }
  return Object.fromEntries(
    [...groups].map(([name, list]) => [name, list.sort((a, b) => a - b).join(" ")]).sort(),
  );
}
