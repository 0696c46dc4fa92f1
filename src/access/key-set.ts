/** Keys that tokens are checked with; what they are, only who checks knows. Others have other tokens remembered. */
export type KeySet = object;

/** What a token has to be. */
export interface TokenRules {
  readonly algorithms: readonly string[];
  readonly issuer: readonly string[] | false;
  readonly audience: readonly string[] | false;
  /** In ms. */
  readonly leeway: number;
}

/** What a token says, by name. */
export type Claims = Readonly<Record<string, unknown>>;

/** What was found of a token. */
export type Verified =
  /** `expires` is a time of `Date.now()`. */
  | { readonly ok: true; readonly claims: Claims; readonly expires: number }
  /** `unknownKey`: it is signed with a key that the set has not, and a newer one may have. */
  | { readonly ok: false; readonly unknownKey: boolean; readonly why: string };

/** Where keys come from. */
export interface KeySource {
  /** The keys to check with now. Rejects with a ProxyError where there are none. */
  keys(): KeySet | Promise<KeySet>;
  /** Newer keys than `known`, where there are any. */
  newer(known: KeySet): Promise<KeySet | undefined>;
}
