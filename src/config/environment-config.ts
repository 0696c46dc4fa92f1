import { type ReadAs, translate } from "./import/drop-in.ts";
import { ownVariables, PYLOADBALANCER, STARTING_VARIABLES } from "./import/pyloadbalancer/pyloadbalancer.ts";
import { type LoadedConfig, validateDocument } from "./load.ts";
import { ConfigError } from "./problems/error.ts";
import { placeProblems } from "./problems/problems.ts";
import { readData } from "./text/data.ts";
import type { Environment } from "./text/environment.ts";

/** What messages call it in place of a file. */
const PLACE = { file: "environment" };

/**
 * The variable by which an environment describes a proxy without a file, in pyLoadBalancer's words; undefined where it does
 * not.
 */
export function startingVariable(environment: Environment): string | undefined {
  return STARTING_VARIABLES.find((name) => environment[name]) ??
    (environment["BACKEND_SERVERS"] === "" ? "BACKEND_SERVERS" : undefined);
}

/** The proxy that pyLoadBalancer's variables describe. Throws a `ConfigError` that names them. */
export function configOfEnvironment(
  environment: Environment,
): LoadedConfig & { readonly readAs: ReadAs } {
  const document = readData(ownVariables(environment));
  const read = translate(document, PYLOADBALANCER);
  if ("issues" in read) {
    throw new ConfigError(placeProblems(document, { issues: read.issues, references: [] }, PLACE));
  }
  return {
    config: validateDocument(read.document, PLACE.file),
    readAs: read.readAs,
    included: { files: [], patterns: [] },
  };
}
