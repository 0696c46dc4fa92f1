import type { z } from "zod";
import type { Path } from "../text/positions.ts";
import type { SourceDocument } from "../text/source.ts";
import { asTable } from "../text/tables.ts";
import { HTTP_PROXY_LB } from "./http-proxy-lb/http-proxy-lb.ts";
import { PYHAPROXY } from "./pyhaproxy/pyhaproxy.ts";
import { REVERSE_PROXY } from "./reverse-proxy/reverse-proxy.ts";
import type { DropInFormat } from "./format.ts";

/** As what a config was read that is not written in our keys, and what is not as it was there. */
export interface ReadAs {
  /** What the program was called. */
  readonly format: string;
  readonly differences: readonly string[];
}

/** What a file says that is written in the keys of a predecessor. */
export type ReadDropIn =
  /** It breaks the rules of that format. */
  | { readonly issues: readonly z.core.$ZodIssue[] }
  /** As a document of ours, whose parts stand where their origins do. */
  | { readonly document: SourceDocument; readonly readAs: ReadAs };

/** Each is told by its shape, and no file is of two. */
const FORMATS: readonly DropInFormat[] = [HTTP_PROXY_LB, REVERSE_PROXY, PYHAPROXY];

/** Reads a document that a predecessor's keys make; undefined where it is none. */
export function readDropIn(document: SourceDocument): ReadDropIn | undefined {
  const format = FORMATS.find((format) => format.isMeant(asTable(document.data), document));
  return format && translate(document, format);
}

/** Reads a document in the keys of `format`. */
export function translate(document: SourceDocument, format: Omit<DropInFormat, "isMeant">): ReadDropIn {
  const result = format.read(document.data);
  if ("issues" in result) return result;
  const { translation } = result;
  const { positions } = document;
  const origin = (path: Path) => translation.origin(path);
  return {
    document: {
      data: translation.data,
      positions: {
        count: positions.count,
        has: (path) => positions.has(origin(path)),
        key: (path) => positions.key(origin(path)),
        value: (path) => positions.value(origin(path)),
      },
      errors: [],
      written: origin,
      ...(format.takesVariables !== true && { literal: true }),
    },
    readAs: { format: format.name, differences: translation.differences },
  };
}
