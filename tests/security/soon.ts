/**
 * Like `eventually`, but looks at every turn of the event loop: for conditions that are a few turns away and are
 * waited for thousands of times.
 */
export async function soon(what: string, condition: () => boolean, timeoutMs = 12_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
