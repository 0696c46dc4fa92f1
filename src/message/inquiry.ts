import type { Fields } from "../http/fields.ts";
import type { FieldLine } from "./incoming-request.ts";

/** A GET of a stage's own, besides the request that it is about. */
export interface Inquiry {
  /** Path and query. */
  readonly target: string;
  readonly lines: readonly FieldLine[];
  /** For all of it, in ms. */
  readonly timeoutMs: number;
  /** Bytes of the answer's body; a longer one is a failure. */
  readonly maxBytes: number;
  /** Whose request it is about: the client's address, by which backends may choose and judge. */
  readonly client?: string | undefined;
  /** Gives up early. */
  readonly signal?: AbortSignal | undefined;
}

/** The answer to one, as far as it is for others than who gave it. */
export interface InquiryAnswer {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly body: Uint8Array;
}

/** Sends inquiries to one place. Rejects with a ProxyError where no whole answer comes. */
export type Inquire = (inquiry: Inquiry) => Promise<InquiryAnswer>;

/** Where inquiries go: to a backend of the config, or to an origin such as `https://a.example:8443`. */
export type InquiryPlace = { readonly backend: string } | { readonly origin: string };
