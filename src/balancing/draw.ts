/** Position of the share that `point` falls into, where `sums` are the shares up to and with each position. */
export function positionAt(sums: readonly number[], point: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (point < sums[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}
