import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields } from "../../../src/http/fields.ts";
import { NO_BODY } from "../../../src/http/framing.ts";
import { IpSet, parseIpBlock } from "../../../src/http/ip.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { IncomingRequest } from "../../../src/message/incoming-request.ts";
import { identify, type IdentityPolicy, schemeOf } from "../../../src/proxy/identity.ts";

const POLICY: IdentityPolicy = {
  trusted: new IpSet([parseIpBlock("192.0.2.0/24")!]),
  trustsUnix: true,
  clientHeader: "x-forwarded-for",
  keepsUntrustedChain: false,
  aliases: "drop",
  sendsForwarded: false,
  transparent: false,
  name: "sluice",
  via: "sluice",
};

/** A request of the peer `address` with `fields`, of which is known who sent it. */
function identified(
  fields: readonly (readonly [name: string, value: string])[],
  clientHeader: IdentityPolicy["clientHeader"] = "x-forwarded-for",
  address = "192.0.2.1",
): { request: IncomingRequest; scheme: string } {
  const all = new Fields();
  for (const [name, value] of fields) all.append(name, value);
  const target = { form: "origin", path: "/", authority: undefined, scheme: undefined } as const;
  const described = { method: "GET", target: "/", authority: "a", minorVersion: 1, startedAt: 0 } as const;
  const peer = { address, port: 1, secure: false };
  const exchange = new Exchange(peer, { ...described, fields: all }, { inform() {} });
  const head = { ...described, target, fields: all, framing: NO_BODY };
  const request = new IncomingRequest(head, exchange, null);
  const policy = { ...POLICY, clientHeader };
  identify(request, policy);
  return { request, scheme: schemeOf(request, policy) };
}

test("schemeOf() believes a trusted proxy in either field, however it writes the scheme", () => {
  for (const [said, scheme] of [["https", "https"], ["HTTPS", "https"], ["Http", "http"], ["ftp", "http"]]) {
    assert.equal(identified([["X-Forwarded-Proto", said!]]).scheme, scheme);
    assert.equal(identified([["Forwarded", `for=203.0.113.9;proto=${said}`]], "forwarded").scheme, scheme);
  }
});

test("schemeOf() believes nobody else, and only the field that is asked for", () => {
  assert.equal(
    identified([["X-Forwarded-Proto", "https"]], "x-forwarded-for", "198.51.100.1").scheme,
    "http",
  );
  assert.equal(identified([["X-Forwarded-Proto", "https"]], "forwarded").scheme, "http");
  assert.equal(identified([["Forwarded", "for=203.0.113.9;proto=https"]]).scheme, "http");
});

test("identify() finds the client behind the proxies that are trusted", () => {
  const { request } = identified([["X-Forwarded-For", "203.0.113.9, 192.0.2.2"]]);
  assert.deepEqual([request.exchange.client, request.exchange.peerTrusted], ["203.0.113.9", true]);
  const other = identified([["X-Forwarded-For", "203.0.113.9"]], "x-forwarded-for", "198.51.100.1").request;
  assert.deepEqual([other.exchange.client, other.exchange.peerTrusted], ["198.51.100.1", false]);
});
