import { IpSet, parseIpBlock } from "./ip.ts";

/** The addresses of this machine itself, in the order in which they are tried. */
const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/**
 * The addresses that a host is known to stand for without being looked up: those of loopback for `localhost` and every
 * name below it (RFC 6761 §6.3); undefined for any other. With or without a trailing dot, in any case.
 */
export function loopbackOf(host: string): readonly string[] | undefined {
  return IS_LOCALHOST.test(host) ? LOOPBACK : undefined;
}

const IS_LOCALHOST = /(?:^|\.)localhost\.?$/i;

/** Whether a host, an address without brackets or a name, is this machine itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_ADDRESSES.has(host) || loopbackOf(host) !== undefined;
}

const LOOPBACK_ADDRESSES = new IpSet([parseIpBlock("127.0.0.0/8")!, parseIpBlock("::1")!]);
