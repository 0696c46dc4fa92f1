import type { JwtConfig } from "../config/sections/auth-jwt.ts";
import type { StageParts } from "../message/stage.ts";
import type { KeySet, KeySource } from "./key-set.ts";
import { RemoteKeys } from "./remote-keys.ts";

/** The keys that `config` speaks of, and in words where they are from. What checks tokens is loaded with the first of them. */
export function createKeySource(
  { jwks, backend, path, file, secret, refresh }: Pick<
    JwtConfig,
    "jwks" | "backend" | "path" | "file" | "secret" | "refresh"
  >,
  { inquirer, kept, log }: Pick<StageParts, "inquirer" | "kept" | "log">,
): KeySource & { readonly words: string } {
  if (file !== undefined || secret !== undefined) {
    return {
      words: secret === undefined ? `with ${file!.length} keys of a file` : "with a secret",
      ...fixedKeys(async () => {
        const { publicKeySet, secretKeySet } = await import("./verify-token.ts");
        return secret === undefined ? publicKeySet(file!) : secretKeySet(secret);
      }),
    };
  }
  const [place, target] = jwks === undefined
    ? [{ backend: backend! }, path!] as const
    : [{ origin: jwks.origin }, jwks.target] as const;
  const where = jwks?.origin ?? backend!;
  const url = where + target.replace(/\?.*$/s, ""); // which may hold a key to the keys
  const inquire = inquirer(place);
  const remote = kept.take(`keys ${where}${target} ${refresh}`, undefined, () =>
    new RemoteKeys({
      url,
      target,
      refreshMs: refresh,
      log,
      now: () => performance.now(),
      make: async (keys) => (await import("./verify-token.ts")).publicKeySet(keys),
    }));
  return {
    words: `with the keys at ${url}`,
    keys: () => remote.keys(inquire),
    newer: (known) => remote.newer(known, inquire),
  };
}

/** Keys that are always the same ones. */
function fixedKeys(make: () => Promise<KeySet>): KeySource {
  let made: KeySet | undefined;
  let making: Promise<KeySet> | undefined;
  return {
    keys: () => made ?? (making ??= make().then((keys) => made = keys).finally(() => making = undefined)),
    newer: () => Promise.resolve(undefined),
  };
}
