import { createHash } from "node:crypto";
import { compileHashKey } from "./hash-key.ts";
import type { HashSource } from "../config/sections/hash.ts";
import type { RequestKey } from "../config/values/request-key.ts";
import type { Frozen } from "../config/freeze.ts";
import { copyOf } from "../http/copied-text.ts";
import { networkOf } from "../http/ip.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";

/** What requests are counted by, as text of bounded length. */
export type CountKey = (request: IncomingRequest) => string;

/** Longer keys are hashed: a client chooses them, and a table holds many. */
const MAX_LENGTH = 64;
/**
 * Stands between the parts of a key, and as often as there are parts in front of a client that stands in for all of them, so
 * that nobody sends the key of another's. No part holds it.
 */
const NUL = "\0";
/** Networks of IPv6 clients that are remembered. */
const MAX_NETWORKS = 4096;

/**
 * A function that finds the key of a request. One that has nothing of what it is to be counted by is counted by its
 * client; where it is to be more than one thing, what it has not is empty.
 */
export function compileKey({ parts, text }: Frozen<RequestKey>, ipv6Prefix: number): CountKey {
  if (parts.length === 0) return () => text;
  const clientOf = clientKey(ipv6Prefix);
  if (parts.length === 1 && parts[0]!.subject === "client") return clientOf;
  const readers = parts.map((part) => readerOf(part, clientOf));
  const standIn = NUL.repeat(parts.length);
  return (request) => {
    let key = "";
    let found = false;
    for (let i = 0; i < readers.length; i++) {
      const value = readers[i]!(request);
      if (value !== undefined) found = true;
      key += (i === 0 ? "" : NUL) + (value ?? "");
    }
    if (!found) return standIn + clientOf(request);
    return key.length <= MAX_LENGTH ? key : standIn + createHash("sha256").update(key).digest("base64url");
  };
}

function readerOf(part: HashSource, clientOf: CountKey): (request: IncomingRequest) => string | undefined {
  if (part.subject === "client") return clientOf;
  const read = compileHashKey(part);
  return part.subject === "query" ? (request) => read(request)?.replaceAll(NUL, "%00") : read; // it was decoded
}

/** The client's address; of an IPv6 one the network. */
function clientKey(ipv6Prefix: number): CountKey {
  const networks = new Map<string, string>();
  return ({ exchange: { client } }) => {
    if (!client.includes(":")) return client;
    let network = networks.get(client);
    if (network === undefined) {
      if (networks.size >= MAX_NETWORKS) networks.clear();
      networks.set(copyOf(client), network = networkOf(client, ipv6Prefix));
    }
    return network;
  };
}
