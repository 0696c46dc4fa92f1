import { isIPv4, isIPv6 } from "node:net";
import { copyOf } from "./copied-text.ts";
import { ipv4Of, isMapped, toMapped } from "./embedded-ipv4.ts";

/** Bits of an IPv6 address, which stands for IPv4 as well. */
const BITS = 128;
/** IPv4 addresses in IPv6 form, `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), begin with these many fixed bits. */
const MAPPED_BITS = 96;

/** A block of addresses: all that share the first `bits` bits. A single address is a block of its own. */
export interface IpBlock {
  /** The eight groups of an IPv6 address; IPv4 in its mapped form. */
  readonly groups: readonly number[];
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined where `text` is none. Host bits may be set. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const [, address, length] = /^([^/]+?)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const groups = address === undefined ? undefined : parseIp(address);
  if (groups === undefined) return undefined;
  const isV4 = isIPv4(address!);
  const bits = length === undefined ? BITS : (isV4 ? MAPPED_BITS : 0) + Number(length);
  // `::ffff:10.0.0.0/8` would be a block of nearly everything, where 10.0.0.0/8 is meant.
  if (bits > BITS || (!isV4 && isMapped(groups) && bits < MAPPED_BITS)) return undefined;
  return { groups, bits };
}

/**
 * An address in the form in which it is compared and shown: IPv6 as URLs write it, and IPv4 as such where it comes in IPv6 form,
 * as that is what every other part of a chain calls it. Undefined for what is no address.
 */
export function normalIp(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const groups = parseIp(text);
  if (groups === undefined) return undefined;
  if (!isMapped(groups)) {
    return text.includes("%") ? text.toLowerCase() : ipv6Text(groups);
  }
  return toIPv4(groups);
}

/**
 * An IPv6 address in the one form that URLs write, without brackets and zone; undefined for what is none. The URL parsers of
 * the runtimes do not know all forms: one of them refuses `2001:db8::1:2:192.0.2.1`.
 */
export function normalIPv6(text: string): string | undefined {
  return isIPv6(text) ? ipv6Text(parseIp(text)!) : undefined;
}

/** RFC 5952 §4: groups without leading zeros, the first of the longest runs of two or more zeros as `::`. */
function ipv6Text(groups: readonly number[]): string {
  let from = 0;
  let length = 1;
  for (let i = 0, run = 0; i < groups.length; i++) {
    run = groups[i] === 0 ? run + 1 : 0;
    if (run <= length) continue;
    length = run;
    from = i + 1 - run;
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  return length === 1 ? text(groups) : `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}

/**
 * What is likely one client: an IPv4 address, also one inside an IPv6 address (see `IpSet`), or the first 64 bits of an
 * IPv6 one, as hosts choose the rest anew every day (RFC 8981); or another number of `bits`. Anything else, such as the
 * pseudonym of a client, as it came.
 */
export function networkOf(address: string, bits = 64): string {
  if (!address.includes(":")) return address;
  const groups = parseIp(address);
  if (groups === undefined) return address;
  const v4 = ipv4Of(groups);
  if (v4 !== undefined) return toIPv4(v4);
  const whole = groups.slice(0, Math.ceil(bits / 16));
  const rest = whole.length * 16 - bits;
  const masked = whole.map((group, i) => i < whole.length - 1 ? group : (group >> rest) << rest);
  return `${masked.map((group) => group.toString(16)).join(":")}${bits > 112 ? "" : "::"}/${bits}`;
}

/**
 * A set of blocks that remembers what it was asked about, as the same few peers come again and again.
 *
 * An address is in it as it stands or by the IPv4 address that it leads to: in its mapped form, by NAT64 (RFC 6052 §2.1) or
 * 6to4 (RFC 3056 §2). So whatever is said of IPv4 addresses, be it that they are refused, allowed, trusted or private, holds
 * for each way to write them. A zone does not count.
 *
 * Another `ipv4sOf` finds other addresses behind one, such as `ipv4sIn` in a set of what is refused.
 */
export class IpSet {
  readonly #blocks: readonly IpBlock[];
  readonly #remembered = new Map<string, boolean>();
  readonly #ipv4sOf: typeof leadsTo;

  constructor(blocks: readonly IpBlock[], ipv4sOf = leadsTo) {
    this.#blocks = blocks;
    this.#ipv4sOf = ipv4sOf;
  }

  /** Whether `address`, without port and brackets, lies in one of the blocks; false for what is no address. */
  has(address: string): boolean {
    if (this.#blocks.length === 0) return false;
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    const groups = parseIp(address);
    const found = groups !== undefined &&
      (this.#holds(groups) || this.#ipv4sOf(groups).some((ipv4) => this.#holds(ipv4)));
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    if (address.length <= MAX_ADDRESS) this.#remembered.set(copyOf(address), found);
    return found;
  }

  #holds(groups: readonly number[]): boolean {
    return this.#blocks.some((block) => isInside(block, groups));
  }
}

function leadsTo(groups: readonly number[]): readonly (readonly number[])[] {
  const ipv4 = ipv4Of(groups);
  return ipv4 === undefined ? [] : [ipv4];
}

const MAX_REMEMBERED = 4096;
/** Longest text of an address, with a zone. */
const MAX_ADDRESS = 64;

function isInside(block: IpBlock, groups: readonly number[]): boolean {
  // `::/0` is every IPv6 address, and no IPv4 one.
  if (block.bits < MAPPED_BITS && isMapped(groups) && !isMapped(block.groups)) return false;
  for (let i = 0, left = block.bits; left > 0; i++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if (((groups[i]! ^ block.groups[i]!) & mask) !== 0) return false;
  }
  return true;
}

/** An address in its mapped form as IPv4 writes it. */
function toIPv4(groups: readonly number[]): string {
  return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
}

/** The eight groups of an address, or undefined. A zone (`%eth0`) does not count. */
function parseIp(text: string): number[] | undefined {
  if (isIPv4(text)) return [...toMapped(groupsOfIPv4(text))];
  if (!isIPv6(text)) return undefined;
  const [address = ""] = text.split("%");
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  if (tail === undefined) return before;
  const after = groupsOf(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => part.includes(".") ? groupsOfIPv4(part) : [parseInt(part, 16)]);
}

function groupsOfIPv4(text: string): [number, number] {
  const [a, b, c, d] = text.split(".").map(Number) as [number, number, number, number];
  return [(a << 8) | b, (c << 8) | d];
}

/** Writes a block as `parseIpBlock` reads it; an address alone without its length. */
export function formatIpBlock({ groups, bits }: IpBlock): string {
  const hex = groups.map((group) => group.toString(16)).join(":");
  const isV4 = /^0:0:0:0:0:ffff:/.test(hex) && bits >= 96;
  const [high, low] = [groups[6]!, groups[7]!];
  const address = isV4
    ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".")
    : normalIPv6(hex)?.toString() ?? hex;
  const length = isV4 ? bits - 96 : bits;
  return length === (isV4 ? 32 : 128) ? address : `${address}/${length}`;
}
