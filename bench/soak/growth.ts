import { median } from "../median.ts";

const HOUR_MS = 3_600_000;
/** Memory between two garbage collections goes up and down; what stays shows in the lowest of some seconds. */
const WINDOW_MS = 10_000;
/** Fewer of them say nothing. */
const LEAST_WINDOWS = 6;
/** Growth in the second half that is taken for noise: this share of the level, and at least so much. */
const NOISE_SHARE = 0.1;
const NOISE_BYTES = 8 * 1024 * 1024;

/** Resident memory at one moment. */
export interface Reading {
  atMs: number;
  rssBytes: number;
}

/** What became of the memory in the second half of a run. */
export interface Growth {
  /** Median. */
  levelBytes: number;
  /** Slope of a straight line through the lowest readings of each 10 s; undefined for a run of less than two minutes. */
  bytesPerHour: number | undefined;
  /** Whether that line rises by more than noise. */
  rising: boolean;
}

/** Judges the second half of `readings`, which are in order of time. */
export function growthOf(readings: readonly Reading[]): Growth {
  const half = readings.slice(Math.floor(readings.length / 2));
  const firstMs = half[0]?.atMs ?? 0;
  const windows = Map.groupBy(half, ({ atMs }) => Math.floor((atMs - firstMs) / WINDOW_MS));
  const lowest = [...windows.values()].map((window) =>
    window.reduce((low, reading) => reading.rssBytes < low.rssBytes ? reading : low)
  );
  const levelBytes = median(half.map(({ rssBytes }) => rssBytes));
  if (lowest.length < LEAST_WINDOWS) return { levelBytes, bytesPerHour: undefined, rising: false };
  const perMs = slope(lowest);
  const grown = perMs * ((half.at(-1)?.atMs ?? 0) - firstMs);
  return {
    levelBytes,
    bytesPerHour: perMs * HOUR_MS,
    rising: grown > Math.max(NOISE_BYTES, NOISE_SHARE * levelBytes),
  };
}

/** Least squares, in bytes per millisecond. */
function slope(readings: readonly Reading[]): number {
  const mean = (value: (reading: Reading) => number) =>
    readings.reduce((sum, reading) => sum + value(reading), 0) / readings.length;
  const meanMs = mean(({ atMs }) => atMs);
  const meanBytes = mean(({ rssBytes }) => rssBytes);
  const spread = mean(({ atMs }) => (atMs - meanMs) ** 2);
  return mean((reading) => (reading.atMs - meanMs) * (reading.rssBytes - meanBytes)) / spread;
}
