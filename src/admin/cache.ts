import { z } from "zod";
import { urlWritten } from "../cache/request-url.ts";
import type { CacheStore } from "../cache/store.ts";
import { valueAnswer } from "./answers.ts";
import type { CacheStatus } from "./cache-status.ts";
import { AdminRefusal, type AdminRoute, type Change, readRoute, writeRoute } from "./route.ts";

const URL_FORM = "a URL with scheme and host, such as http://a.example/x";
const url = z.string({ error: URL_FORM }).refine((text) => urlWritten(text) !== undefined, {
  error: URL_FORM,
});
const WHICH = "one of url, prefix, tag and all";

const purgeSchema = z.strictObject({
  url: url.optional().describe("Answers to this URL, all variants."),
  prefix: url.optional().describe("Answers to URLs that begin with this one, letter by letter."),
  tag: z.string({ error: "a tag" }).min(1, { error: "a tag" }).optional()
    .describe("Answers whose Cache-Tag or Surrogate-Key names it."),
  all: z.literal(true, { error: "true" }).optional(),
}, { error: WHICH }).refine((body) => Object.values(body).filter((part) => part !== undefined).length === 1, {
  error: WHICH,
});

const statusSchema = z.object({
  bytes: z.int(),
  size: z.int(),
  objects: z.int(),
  evictions: z.int(),
  requests: z.record(z.string(), z.int()),
});
const NONE = { 404: "No frontend, rule or route has a cache." };

/** What is kept of answers, and what an operator wants of it. */
export function cacheRoutes(
  store: () => CacheStore | undefined,
  status: () => CacheStatus | undefined,
): readonly AdminRoute[] {
  return [
    readRoute({
      path: "/api/cache",
      summary: "What is kept of answers, and what the cache did for requests.",
      answers: statusSchema,
      statuses: NONE,
      read: () => valueAnswer(status() ?? refuse()),
    }),
    writeRoute({
      method: "POST",
      path: "/api/cache/purge",
      summary: "Drops kept answers; what is under way for them is not kept.",
      body: purgeSchema,
      answers: z.object({ dropped: z.int() }),
      statuses: NONE,
      write: ({ body }) => purge(store() ?? refuse(), body),
    }),
  ];
}

function purge(store: CacheStore, { url, prefix, tag }: z.output<typeof purgeSchema>): Change {
  let dropped;
  if (url !== undefined) dropped = store.invalidate(urlWritten(url)!);
  else if (tag !== undefined) dropped = store.invalidateTag(tag);
  else dropped = store.invalidatePrefix(prefix === undefined ? "" : urlWritten(prefix)!);
  return { value: { dropped }, log: { what: "purge", url, prefix, tag, dropped } };
}

function refuse(): never {
  throw new AdminRefusal(404, "No frontend, rule or route has a cache");
}
