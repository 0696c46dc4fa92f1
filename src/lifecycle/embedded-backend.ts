import type { Context } from "hono";
import { type BackendStatus, statusOfBackend } from "../admin/status.ts";
import type { Log } from "../base/log.ts";
import type { Backend } from "../backend/backend.ts";
import { type CallConfig, type CallOptions, parseCall } from "../config/call-options.ts";
import { validateConfig } from "../config/load.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { incomingOf, serveBy } from "../proxy/app.ts";
import type { ErrorAnswers } from "../proxy/error-answer.ts";
import type { IdentityPolicy } from "../proxy/identity.ts";
import { compileShape, type Shape } from "../proxy/shape.ts";
import { createSnapshot } from "./snapshot.ts";

export interface EmbeddedOptions {
  /** Its name in logs and error messages; default `backend`. */
  readonly name?: string;
  /** Proxies in front of the program, as `trusted_proxies` of a frontend; without it nobody is believed. */
  readonly trustedProxies?: readonly string[];
  /** Name of this proxy in Via; default `sluice`. With false there is none. */
  readonly via?: string | false;
  readonly log: Log;
}

/** A backend inside somebody's own app. */
export class EmbeddedBackend {
  readonly #backend: Backend;
  readonly #identity: IdentityPolicy;
  readonly #errors: ErrorAnswers;

  /**
   * `config` is a backend as the config file has it.
   * @throws {ConfigError} with every problem of the config at once.
   */
  constructor(config: unknown, { name = "backend", trustedProxies, via, log }: EmbeddedOptions) {
    const snapshot = createSnapshot(
      validateConfig({
        frontends: [{
          bind: "127.0.0.1:0", // nothing binds it: the program has the listener
          default_backend: name,
          ...(trustedProxies === undefined ? {} : { trusted_proxies: trustedProxies }),
          ...(via === undefined ? {} : { via }),
        }],
        backends: { [name]: config },
      }),
      { metrics: () => new Response(), ready: () => new Response(), health: () => new Response(), log },
    );
    this.#backend = snapshot.backends.get(name)!;
    this.#identity = snapshot.frontends[0]!.identity;
    this.#errors = snapshot.frontends[0]!.errors;
  }

  /** Begins to probe the servers; resolves when each has a first result. */
  start(): Promise<void> {
    return this.#backend.start();
  }

  /** Ends the probes and lets go of the connections, each once it is unused. */
  stop(): void {
    this.#backend.close();
  }

  /**
   * Sends `request` to a server. What fails is answered as a proxy answers it (502, 503, 504), so it never rejects for
   * what a server does.
   * @throws {ConfigError} where `options` are not valid.
   */
  async fetch(request: Request, options: CallOptions = {}): Promise<Response> {
    const call = parseCall(options);
    const { incoming, ours } = incomingOf(request, undefined, call.client);
    return deliver(await this.#send(incoming, this.#shape(call)), ours);
  }

  /** A handler for a Hono app; `options` may depend on the request. */
  handler(options: CallOptions | ((c: Context) => CallOptions) = {}): (c: Context) => Promise<Response> {
    const prepare = (options: CallOptions) => {
      const call = parseCall(options);
      return { client: call.client, shape: this.#shape(call) };
    };
    const always = typeof options === "function" ? undefined : prepare(options);
    return async (c) => {
      const { client, shape } = typeof options === "function" ? prepare(options(c)) : always!;
      const { incoming, ours } = incomingOf(c.req.raw, c.env, client);
      return deliver(await this.#send(incoming, shape), ours);
    };
  }

  status(): BackendStatus {
    return statusOfBackend(this.#backend);
  }

  #send(request: IncomingRequest, shape: Shape | undefined): Promise<Response> {
    return serveBy({ backend: this.#backend, policy: this.#identity, shape }, request, this.#errors);
  }

  #shape({ path, headers = {}, timeout, ...parts }: CallConfig): Shape | undefined {
    return compileShape({
      ...parts,
      replacePath: path,
      requestHeaders: { set: headers, add: {}, remove: [] },
      responseTimeout: timeout,
    }, this.#identity);
  }
}

/** A server of the runtime needs a real Response; our own takes ours from socket to socket. */
function deliver(response: Response, ours: boolean): Response {
  return !ours && response instanceof ForwardedResponse ? response.materialize() : response;
}
