import { ProxyError } from "../base/errors.ts";
import type { ActionConfig } from "../config/sections/action.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import { hidesDots, literalPath, pathOf, unresolvedPath } from "../http/path.ts";
import type { Handler } from "../message/handler.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { type PathReader, pathReader } from "./path-reader.ts";

/** Says who takes a request; undefined where nobody does. */
export type Choose = (request: IncomingRequest) => Handler | undefined;

/** What lets clients in, of a frontend or of what takes requests. */
const GUARDS = ["access", "auth"] as const;

/**
 * Keeps what one rule or route refuses from being reached by the way of another: servers get the path that was written, and
 * not all resolve it. A path that may be read in another way is served only where whoever would take it then refuses nothing
 * that the one which takes it would not.
 */
export class OtherReadings {
  /** What is read in place of a request's path, while that is asked about. */
  #reading: string | undefined;
  readonly #config: FrontendConfig;
  readonly #actionOf: (handler: Handler) => ActionConfig;
  readonly #guards = new Map<Handler, readonly string[]>();
  /** For conditions: reads paths as this asks for them. */
  readonly paths: PathReader;

  /** Undefined where all rules and routes refuse the same, or paths are compared as they came, or all such are refused. */
  static of(config: FrontendConfig, actionOf: (handler: Handler) => ActionConfig): OtherReadings | undefined {
    const guarded = [...config.rules, ...config.routes].some((action) =>
      denies(action) || GUARDS.some((key) => action[key] !== undefined)
    );
    return guarded && config.normalize === "match" ? new OtherReadings(config, actionOf) : undefined;
  }

  private constructor(config: FrontendConfig, actionOf: (handler: Handler) => ActionConfig) {
    this.#config = config;
    this.#actionOf = actionOf;
    const paths = pathReader(config.normalize);
    this.paths = { ...paths, ofRequest: (request) => this.#reading ?? paths.ofRequest(request) };
  }

  /** Throws a ProxyError where `chosen`, which takes the request, may be the way around another. */
  check(request: IncomingRequest, chosen: Handler, choose: Choose): void {
    const written = pathOf(request.target);
    if (written === request.comparablePath || this.#answersItself(chosen)) return;
    if (hidesDots(written)) throw refusal("a dot segment in disguise");
    const guards = this.#guardsOf(chosen);
    for (const reading of [literalPath(written), unresolvedPath(written)]) {
      const other = this.#chooseBy(reading, request, choose);
      if (other === undefined || other === chosen) continue;
      if (!this.#guardsOf(other).every((guard) => guards.includes(guard))) {
        throw refusal("in one of them it is for others");
      }
    }
  }

  #answersItself(handler: Handler): boolean {
    const { respond, redirect } = this.#actionOf(handler);
    return respond !== undefined || redirect !== undefined;
  }

  /** What `handler` asks of clients: two that ask the same have the same texts. */
  #guardsOf(handler: Handler): readonly string[] {
    let guards = this.#guards.get(handler);
    if (guards === undefined) {
      const action = this.#actionOf(handler);
      guards = GUARDS.flatMap((key) => {
        const guard = action[key] ?? this.#config[key];
        return guard === undefined || guard === false ? [] : `${key} ${JSON.stringify(guard)}`;
      });
      if (denies(action)) guards = [...guards, "nobody"];
      this.#guards.set(handler, guards);
    }
    return guards;
  }

  #chooseBy(reading: string, request: IncomingRequest, choose: Choose): Handler | undefined {
    this.#reading = reading;
    try {
      return choose(request);
    } finally {
      this.#reading = undefined;
    }
  }
}

function denies({ respond }: ActionConfig): boolean {
  return respond !== undefined && (respond.status ?? 200) >= 400;
}

function refusal(why: string): ProxyError {
  return new ProxyError("bad_request", `The path may be read in two ways: ${why}`);
}
