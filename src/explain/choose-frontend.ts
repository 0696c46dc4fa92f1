import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { DescribedRequest } from "./described-request.ts";

/** The frontend that a request is for, and how that was found. */
export interface ChosenFrontend<F> {
  readonly frontend: F;
  readonly chosen: string;
}

/**
 * The frontend called `name`, else the one that listens where the URL leads, else the only one that could be meant.
 * @throws {RangeError} where there are several, or none.
 */
export function chooseFrontend<F extends { readonly config: FrontendConfig }>(
  frontends: readonly F[],
  { method, url }: Pick<DescribedRequest, "method" | "url">,
  name?: string,
): ChosenFrontend<F> {
  const names = frontends.map(({ config }) => config.name).join(", ");
  if (name !== undefined) {
    const frontend = frontends.find(({ config }) => config.name === name);
    if (frontend === undefined) throw new RangeError(`there is no frontend "${name}"; accepted: ${names}`);
    return { frontend, chosen: "by its name" };
  }
  const fits = frontends.filter(({ config }) => method !== "CONNECT" || config.mode === "relay");
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (method !== "CONNECT" && parsed !== undefined) {
    const port = Number(parsed.port) || (parsed.protocol === "https:" ? 443 : 80);
    const listening = fits.filter(({ config }) =>
      config.mode !== "relay" && config.bind.some((bind) => bind.kind === "tcp" && bind.port === port)
    );
    const exact = listening.filter(({ config }) =>
      config.bind.some((bind) => bind.kind === "tcp" && bind.port === port && bind.host === parsed.hostname)
    );
    const [frontend, other] = exact.length > 0 ? exact : listening;
    if (frontend !== undefined && other === undefined) return { frontend, chosen: `listens on port ${port}` };
  }
  const reverse = fits.filter(({ config }) => config.mode !== "relay");
  const [only, other] = reverse.length > 0 ? reverse : fits;
  if (only !== undefined && other === undefined) {
    return { frontend: only, chosen: "no other one could be meant" };
  }
  throw new RangeError(
    `which frontend ${url} is for is not clear; accepted: --frontend with one of ${names}`,
  );
}
