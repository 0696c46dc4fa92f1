/** What a proxy is: it stands in front of the origin, and may keep its answers (`cache`), or its clients name the origin. */
export type Mode = "reverse" | "cache" | "relay";

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
  /** Fields of the request besides Host. */
  headers?: Readonly<Record<string, string>>;
  /** Fields of the answer besides Server, Date, Content-Type, Content-Length and Connection. */
  answerHeaders?: Readonly<Record<string, string>>;
  /** Size of the request body. */
  uploadBytes: number;
  /** What a correct answer looks like; checked once per proxy before anything is measured. */
  answer: { status: number; bodyBytes: number };
}

/** Answer body of `/small`. */
export const SMALL_BODY = "Hello, world!";

/** What a browser sends with a request for a part of a page, a session's cookie included. */
const BROWSER_HEADERS = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "Accept-Language": "en-US,en;q=0.9,de;q=0.7",
  "Accept-Encoding": "gzip, deflate, br, zstd",
  Referer: "http://127.0.0.1/shop/articles?page=3",
  Cookie: `session=${"8d3b1f6ca97e4025".repeat(8)}; theme=dark; consent=all; _ga=GA1.1.1034567890.1730000000`,
  "Cache-Control": "no-cache",
  Pragma: "no-cache",
  "Sec-Fetch-Dest": "document",
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-Site": "same-origin",
  "Upgrade-Insecure-Requests": "1",
};
/** What an application says of a page: with the fields of every answer, ten. */
const PAGE_HEADERS = {
  "Cache-Control": "private, max-age=0, must-revalidate",
  ETag: '"5f3c-61a8d2b04c1e7"',
  Vary: "Accept-Encoding, Cookie",
  "X-Content-Type-Options": "nosniff",
  "Set-Cookie": "seen=1; Path=/; HttpOnly; SameSite=Lax",
};

/** Every scenario, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  get("small", "GET, 13-byte answer", SMALL_BODY.length),
  {
    ...get("browser", "GET with a browser's 12 fields, 13-byte answer with ten", SMALL_BODY.length),
    headers: BROWSER_HEADERS,
    answerHeaders: PAGE_HEADERS,
  },
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
    ...get("hit", "GET, 10 KiB answer that the proxy has kept", 10 * 1024),
    mode: "cache",
    answerHeaders: { "Cache-Control": "public, max-age=86400" },
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
