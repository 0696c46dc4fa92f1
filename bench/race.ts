import type { Runner } from "./line-up.ts";
import { type Sample, takeSample } from "./sample.ts";
import type { Scenario } from "./scenarios.ts";
import type { Workspace } from "./workspace.ts";

/** All samples of one proxy in one scenario, in the order of the rounds. */
export interface Lane {
  runner: Runner;
  samples: Sample[];
}

/** What `race` needs besides the workspace. */
export interface RaceOptions {
  runners: readonly Runner[];
  scenario: Scenario;
  /** Length of the unmeasured run of each proxy that comes first. */
  warmUpSeconds: number;
  seconds: number;
  rounds: number;
  connections: number;
  /** Told about every run that failed or had failed requests. */
  onFault(line: string): void;
}

/**
 * Warms every proxy up, then measures them in turn, round after round.
 *
 * Every second round goes backwards: a machine that gets slower or faster over time favours nobody, and nobody
 * always runs behind the same neighbour. A proxy whose run fails loses that sample only.
 */
export async function race(workspace: Workspace, options: RaceOptions): Promise<Lane[]> {
  const { scenario, warmUpSeconds, seconds, rounds, connections } = options;
  const lanes = options.runners.map((runner): Lane => ({ runner, samples: [] }));

  async function run({ runner }: Lane, length: number, label: string): Promise<Sample | undefined> {
    const where = `${scenario.name}, ${runner.title}, ${label}`;
    try {
      const sample = await takeSample(workspace, { runner, scenario }, { seconds: length, connections });
      const failures = Object.entries(sample.failures)
        .filter(([kind]) => !runner.toleratedFailures.includes(kind))
        .map(([kind, count]) => `${kind} ${count}`);
      if (failures.length > 0) options.onFault(`${where}: failed requests: ${failures.join(", ")}`);
      return sample;
    } catch (error) {
      options.onFault(`${where}: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  }

  for (const lane of lanes) await run(lane, warmUpSeconds, "warm-up");
  for (let round = 1; round <= rounds; round++) {
    for (const lane of round % 2 === 1 ? lanes : lanes.toReversed()) {
      const sample = await run(lane, seconds, `round ${round}`);
      if (sample !== undefined) lane.samples.push(sample);
    }
  }
  return lanes;
}
