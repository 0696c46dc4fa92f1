import type { Server } from "./server.ts";

/** Has as many requests as `server` has room for, at most `most`, leave the queues of `others` and choose again. */
export function fill(server: Server, others: readonly Server[], most = server.room): void {
  const queues = others.filter((other) => other !== server && other.pool.waiting > 0)
    .toSorted((a, b) => b.pool.waiting - a.pool.waiting);
  for (let room = most; room > 0; room--) {
    if (!queues.some(({ pool }) => pool.sendAway())) return;
  }
}

/** Has all that wait for `server`, or without `anybody` those that may leave, choose again. */
export function disperse({ pool }: Server, anybody: boolean): void {
  let left = true;
  while (left) left = pool.sendAway(anybody);
}
