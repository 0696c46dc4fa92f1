import { trimBlanks } from "./list.ts";

/** Members of an Accept-Encoding that are looked at. */
const MAX_MEMBERS = 32;

/**
 * The content coding of `offered` that a client with this `Accept-Encoding` likes best (RFC 9110 §12.5.3); among equals the
 * first offered. Undefined where it takes none of them, likes the content as it is better, or does not say.
 */
export function preferredCoding<const Coding extends string>(
  accept: string | undefined,
  offered: readonly Coding[],
): Coding | undefined {
  if (accept === undefined) return undefined;
  const qualities = new Map<string, number>();
  for (const member of accept.toLowerCase().split(",", MAX_MEMBERS)) {
    const [name = "", ...parameters] = member.split(";").map(trimBlanks);
    // RFC 9110 §8.4.1.3: they mean the same.
    const coding = name === "x-gzip" ? "gzip" : name;
    if (coding !== "" && !qualities.has(coding)) qualities.set(coding, qualityOf(parameters));
  }
  let best: Coding | undefined;
  // Only a quality of its own sets the content as it is above a coding.
  let most = qualities.get("identity") ?? 0;
  for (const coding of offered) {
    const quality = qualities.get(coding) ?? qualities.get("*") ?? 0;
    if (quality === 0 || quality < most || (best !== undefined && quality === most)) continue;
    best = coding;
    most = quality;
  }
  return best;
}

function qualityOf(parameters: readonly string[]): number {
  const written = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  if (written === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(written) ? Number(written) : 0;
}
