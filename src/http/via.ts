/**
 * How often a message came by a proxy called `name`, by its Via: each member is `protocol name`, and perhaps a
 * comment (RFC 9110 §7.6.3). Names are compared without case.
 */
export function timesVia(via: string, name: string): number {
  const wanted = name.toLowerCase();
  let times = 0;
  for (const member of via.toLowerCase().split(",")) {
    const [, received] = member.trim().split(/[ \t]+/);
    if (received === wanted) times++;
  }
  return times;
}
