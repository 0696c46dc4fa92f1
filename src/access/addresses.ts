import { ProxyError } from "../base/errors.ts";
import type { AccessConfig } from "../config/sections/access.ts";
import { clientsIn, type TrustedProxy } from "../config/values/trusted-proxy.ts";
import { formatIpBlock } from "../http/ip.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Stage } from "../message/stage.ts";

/** Lets clients through by their address: the peer, or who stands behind a trusted proxy. */
export function addressStage({ allow, deny }: AccessConfig): Stage {
  const allows = allow === undefined ? () => true : clientsIn(allow);
  const denies = clientsIn(deny);
  const refuses = ({ exchange }: IncomingRequest) =>
    denies(exchange.client) || !allows(exchange.client)
      ? new ProxyError("access_denied", "The client's address is not let in")
      : undefined;
  return {
    words: `access: ${
      [
        ...(deny.length === 0 ? [] : [`deny ${format(deny)}`]),
        ...(allow === undefined ? [] : [`allow ${format(allow)}`]),
      ].join(", ") || "everybody"
    }`,
    refuses,
    around: (next) => (request, taker) => {
      const refusal = refuses(request);
      if (refusal === undefined) next(request, taker);
      else taker.onFailed(request.exchange, refusal);
    },
  };
}

function format(list: readonly TrustedProxy[]): string {
  return list.flatMap((entry) => entry === "unix" ? entry : entry.map(formatIpBlock)).join(" ");
}
