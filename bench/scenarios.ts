/** What a proxy is: it stands in front of the origin, or its clients name the origin. */
export type Mode = "reverse" | "relay";

/** One kind of request, sent again and again. */
export interface Scenario {
  name: string;
  mode: Mode;
  /** What is counted: requests by wrk, or the data that comes out of tunnels. */
  unit: "req" | "MiB";
  /** What the tables say about it. */
  title: string;
  path: string;
  method: "GET" | "POST";
  /** Size of the request body. */
  uploadBytes: number;
  /** What a correct answer looks like; checked once per proxy before anything is measured. */
  answer: { status: number; bodyBytes: number };
}

/** Answer body of `/small`. */
export const SMALL_BODY = "Hello, world!";

/** Every scenario, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  get("small", "GET, 13-byte answer", SMALL_BODY.length),
  get("10k", "GET, 10 KiB answer", 10 * 1024),
  get("100k", "GET, 100 KiB answer", 100 * 1024),
  get("chunked", "GET, 4 KiB answer in chunked coding", 4 * 1024),
  {
    name: "upload",
    mode: "reverse",
    unit: "req",
    title: "POST, 64 KiB request body, empty answer",
    path: "/upload",
    method: "POST",
    uploadBytes: 64 * 1024,
    answer: { status: 204, bodyBytes: 0 },
  },
  {
    ...get("small", "GET, 13-byte answer, through forward proxies", SMALL_BODY.length),
    name: "relay",
    mode: "relay",
  },
  {
    ...get("bulk", "download of 16 MiB again and again, in tunnels of forward proxies", 16 * 1024 * 1024),
    name: "tunnel",
    mode: "relay",
    unit: "MiB",
  },
];

/** Whether a proxy of that mode, and with that list of scenarios, is measured in `scenario`. */
export function takesPart(
  { mode, scenarios }: { mode?: Mode; scenarios?: readonly string[] | undefined },
  scenario: Scenario,
): boolean {
  return (mode ?? "reverse") === scenario.mode && (scenarios?.includes(scenario.name) ?? true);
}

function get(name: string, title: string, bodyBytes: number): Scenario {
  return {
    name,
    mode: "reverse",
    unit: "req",
    title,
    path: `/${name}`,
    method: "GET",
    uploadBytes: 0,
    answer: { status: 200, bodyBytes },
  };
}
