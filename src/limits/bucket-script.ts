import { createHash } from "node:crypto";
import type { SharedBucket, SharedDecision } from "./shared-buckets.ts";

/**
 * The arithmetic of `bucket.ts` for many proxies, in microseconds by the clock of Redis. A key holds the time at which its
 * bucket is full again, and is gone then; what is longer than a filling was left by a larger bucket of that name, or by a clock
 * that was set back, and is an empty bucket. Three arguments for each key: time for a token, time for all, and whether it is
 * dry. The answer says whether the request passes, and for how long each bucket was not full before.
 */
export const BUCKET_SCRIPT = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local passes = 1
local missing = {}
for i, key in ipairs(KEYS) do
  local left = tonumber(redis.call('GET', key) or now) - now
  local full = tonumber(ARGV[3 * i - 1])
  left = math.max(0, math.min(left, full))
  missing[i] = left
  if left + ARGV[3 * i - 2] - full > 1 and ARGV[3 * i] == '0' then passes = 0 end
end
local answer = {passes}
for i, key in ipairs(KEYS) do
  local taken = missing[i] + ARGV[3 * i - 2]
  if passes == 1 and taken - ARGV[3 * i - 1] <= 1 then
    redis.call('SET', key, string.format('%.3f', now + taken), 'PX', math.ceil(taken / 1000))
  end
  answer[i + 1] = math.ceil(missing[i])
end
return answer
`;

/** What Redis calls the script. */
export const BUCKET_SCRIPT_SHA = createHash("sha1").update(BUCKET_SCRIPT).digest("hex");

/** Number of keys, keys and arguments of the script. */
export function scriptArguments(buckets: readonly SharedBucket[]): string[] {
  return [
    String(buckets.length),
    ...buckets.map(({ key }) => key),
    ...buckets.flatMap(({ interval, burst, dry }) => [
      String(interval * 1000),
      String(interval * burst * 1000),
      dry ? "1" : "0",
    ]),
  ];
}

/** Reads the script's answer. Throws a TypeError where it is none. */
export function readDecision(answer: unknown, buckets: number): SharedDecision {
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  if (numbers.length !== buckets + 1 || numbers.some(Number.isNaN)) {
    throw new TypeError("Cannot read the answer of Redis: it is none of the script");
  }
  return { passes: numbers[0] === 1, missing: numbers.slice(1).map((micros) => micros / 1000) };
}
