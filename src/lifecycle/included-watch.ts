import { dirname } from "node:path";
import { ForeignFiles } from "../config/import/foreign-files.ts";
import type { Included } from "../config/problems/error.ts";
import { contentOf, type WatchedContent } from "./file-watch.ts";

/** The files that a config includes, and those that its patterns stand for, as one thing to be watched. */
export function watchedFiles({ files, patterns }: Included): WatchedContent {
  const folders = [...new Set([...files, ...patterns].map((path) => dirname(path)))];
  return {
    content() {
      const found = patterns.map((pattern) => new ForeignFiles().expand(pattern, "."));
      // One that is away for a moment is being replaced; one that no pattern finds any more is gone.
      const gone = new Set(found.flat());
      const contents = files.map((file) => contentOf(file) ?? (gone.has(file) ? undefined : ""));
      if (contents.includes(undefined)) return undefined;
      return JSON.stringify([found, contents]);
    },
    folders: folders.filter((folder) => !/[*?[]/.test(folder)),
    concerns: () => true,
  };
}
