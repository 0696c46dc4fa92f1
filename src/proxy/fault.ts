import { ProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import type { FaultConfig } from "../config/sections/fault.ts";
import type { Abortable, Exchange } from "../message/exchange.ts";
import type { Stage } from "../message/stage.ts";

/** Has a share of the requests wait, and another share fail, on purpose. `random` draws from 0 to below 1. */
export function faultStage(config: FaultConfig, random: () => number = Math.random): Stage {
  const { delay, delayShare = 1, abort, abortShare = 1 } = config;
  const failure = () => new ProxyError("fault_injected", "Failed on purpose", { status: abort });
  return {
    words: `fault: ${describeFault(config)}`,
    ...(abort !== undefined && abortShare === 1 && { refuses: failure }),
    around: (next) => (request, taker) => {
      const { exchange } = request;
      const delays = delay !== undefined && random() < delayShare;
      const aborts = abort !== undefined && random() < abortShare;
      const goOn = () => {
        if (aborts) taker.onFailed(exchange, failure());
        else next(request, taker);
      };
      if (delays) new Delay(exchange, delay, { goOn, giveUp: (error) => taker.onFailed(exchange, error) });
      else goOn();
    },
  };
}

/** What goes wrong, and how often: `10% wait 200ms, 5% are answered 503`. */
export function describeFault({ delay, delayShare = 1, abort, abortShare = 1 }: FaultConfig): string {
  const percent = (share: number) => `${Number((share * 100).toFixed(2))}%`;
  return [
    ...(delay === undefined ? [] : [`${percent(delayShare)} wait ${formatDuration(delay)}`]),
    ...(abort === undefined ? [] : [`${percent(abortShare)} are answered ${abort}`]),
  ].join(", ");
}

/** A request that waits; with its exchange the timer is gone. */
class Delay implements Abortable {
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #giveUp: (error: ProxyError) => void;

  constructor(
    exchange: Exchange,
    ms: number,
    { goOn, giveUp }: { goOn: () => void; giveUp: (error: ProxyError) => void },
  ) {
    this.#giveUp = giveUp;
    exchange.underWay = this;
    this.#timer = setTimeout(() => {
      exchange.over(this);
      goOn();
    }, ms);
  }

  abort(error: ProxyError): void {
    clearTimeout(this.#timer);
    this.#giveUp(error);
  }
}
