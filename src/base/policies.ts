/** What is known of a policy before one is created. */
interface PolicyFacts {
  /** Other names that the config takes for it. */
  readonly aliases?: readonly string[];
  /** What it goes by, where that is more than the requests under way: somebody has to see to it. */
  readonly goesBy?: "key" | "probes" | "reports";
}

/** Every policy by its name in the config's `balance`: the one list of them. What each does stands in `balancing/`. */
const POLICIES = {
  roundrobin: { aliases: ["round_robin", "rr"] },
  leastconn: { aliases: ["least_connections", "least_conn", "lc"] },
  random: {},
  priority: {},
  first: {},
  best: {},
  latency: { aliases: ["fastest"], goesBy: "probes" },
  load_aware: { goesBy: "reports" },
  hash: { goesBy: "key" },
} as const satisfies Readonly<Record<string, PolicyFacts>>;

/** Name of a policy. */
export type PolicyName = keyof typeof POLICIES;

/** The policy that `word` names in the config, in any case; undefined where it names none. */
export function policyCalled(word: string): PolicyName | undefined {
  return POLICY_WORDS.get(word.toLowerCase());
}

/** Every word that names a policy, and the name that it stands for. */
export const POLICY_WORDS: ReadonlyMap<string, PolicyName> = new Map(
  Object.entries<PolicyFacts>(POLICIES).flatMap(([name, { aliases = [] }]) =>
    [name, ...aliases].map((word) => [word, name as PolicyName] as const)
  ),
);

/** What the policy `name` goes by; undefined for requests under way, or nothing. */
export function policyGoesBy(name: PolicyName): PolicyFacts["goesBy"] {
  const facts: PolicyFacts = POLICIES[name];
  return facts.goesBy;
}
