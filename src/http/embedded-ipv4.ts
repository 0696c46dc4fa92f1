/** The mapped form, `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), of the IPv4 address in the two groups `low`. */
export function toMapped(low: readonly number[]): readonly number[] {
  return [0, 0, 0, 0, 0, 0xffff, ...low];
}

/** Whether the eight groups of an IPv6 address are those of an IPv4 one in its mapped form. */
export function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && isZero(groups, 0, 5);
}

/**
 * The IPv4 address that an address is or leads to everywhere, in its mapped form: by NAT64 (RFC 6052 §2.1) or 6to4
 * (RFC 3056 §2).
 */
export function ipv4Of(groups: readonly number[]): readonly number[] | undefined {
  if (isMapped(groups)) return groups;
  if (groups[0] === 0x64 && groups[1] === 0xff9b && isZero(groups, 2, 6)) return toMapped(groups.slice(6));
  return groups[0] === 0x2002 ? toMapped(groups.slice(1, 3)) : undefined;
}

/**
 * Every IPv4 address that some host may take an address to, each in its mapped form. They are reasons to refuse an address,
 * never one to trust or allow it: anybody may write such addresses, and which of them is meant depends on the network.
 */
export function ipv4sIn(groups: readonly number[]): (readonly number[])[] {
  const everywhere = ipv4Of(groups);
  if (everywhere !== undefined) return [everywhere];
  const [first, second, third, fourth = 0, fifth = 0, sixth = 0, seventh = 0, eighth = 0] = groups;
  const low = [seventh, eighth];
  const found: number[][] = [];
  // A NAT64 of this network (RFC 8215): the address stands after a prefix of 48, 56, 64 or 96 bits, and around bits 64 to 71
  // (RFC 6052 §2.2).
  if (first === 0x64 && second === 0xff9b && third === 1) {
    found.push(low);
    const shorter = [
      [fourth, ((fifth & 0xff) << 8) | (sixth >> 8)],
      [((fourth & 0xff) << 8) | (fifth & 0xff), sixth],
      [((fifth & 0xff) << 8) | (sixth >> 8), ((sixth & 0xff) << 8) | (seventh >> 8)],
    ];
    // After a prefix of 96 bits these places hold zeros; nothing is sent to 0.0.0.0/8 (RFC 1122 §3.2.1.3).
    found.push(...shorter.filter(([high = 0]) => high > 0xff));
  }
  if (isZero(groups, 0, 4)) {
    // IPv4-compatible (RFC 4291 §2.5.5.1), which `::` and `::1` are not; and stateless translation (RFC 2765 §2.1).
    const isCompatible = fifth === 0 && sixth === 0 && (seventh > 0 || eighth > 1);
    if (isCompatible || (fifth === 0xffff && sixth === 0)) found.push(low);
  }
  // Teredo (RFC 4380 §4): the server, and the client with its bits turned.
  if (first === 0x2001 && second === 0) found.push([third!, fourth], [seventh ^ 0xffff, eighth ^ 0xffff]);
  // ISATAP (RFC 5214 §6.1), after any prefix.
  if ((fifth & ~0x0300) === 0 && sixth === 0x5efe) found.push(low);
  return found.map(toMapped);
}

function isZero(groups: readonly number[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (groups[i] !== 0) return false;
  return true;
}
