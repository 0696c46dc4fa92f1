import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCondition } from "../../../src/config/condition/parser.ts";
import { cookieValues } from "../../../src/http/cookie.ts";
import { Fields } from "../../../src/http/fields.ts";
import { IpSet } from "../../../src/http/ip.ts";
import { NO_BODY } from "../../../src/http/framing.ts";
import { NamedValues, type ReadValues } from "../../../src/http/named-values.ts";
import { queryValues } from "../../../src/http/query.ts";
import { Exchange } from "../../../src/message/exchange.ts";
import { IncomingRequest } from "../../../src/message/incoming-request.ts";
import { compileCondition, conditionParts } from "../../../src/proxy/condition.ts";
import { pathReader } from "../../../src/proxy/path-reader.ts";

const POLICY = {
  trusted: new IpSet([]),
  trustsUnix: false,
  clientHeader: "x-forwarded-for",
  keepsUntrustedChain: true,
  aliases: "drop",
  sendsForwarded: false,
  transparent: false,
  name: "sluice",
  via: "sluice",
} as const;

/** What is asked about; what is left out is `GET http://a.example/` without fields, from 192.0.2.1. */
interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly authority?: string;
  /** Field lines, each `name: value`. */
  readonly lines?: readonly string[];
  readonly client?: string;
}

function requestOf({ method = "GET", target = "/", authority = "a.example", lines = [], client }: Asked) {
  const fields = new Fields();
  for (const line of lines) {
    fields.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2));
  }
  const described = { method, target, authority, minorVersion: 1, startedAt: 0, fields } as const;
  const peer = { address: "192.0.2.1", port: 1, secure: false };
  const exchange = new Exchange(peer, described, { inform() {} });
  if (client !== undefined) exchange.client = client;
  const path = { form: "origin", path: target, authority: undefined, scheme: undefined } as const;
  const head = { method, target: path, minorVersion: 1, fields, framing: NO_BODY, authority } as const;
  return new IncomingRequest(head, exchange, null);
}

function check(condition: string, met: readonly Asked[], unmet: readonly Asked[]): void {
  test(`compileCondition() of ${condition}`, () => {
    const matches = compileCondition(parseCondition(condition), conditionParts(POLICY, pathReader("off")));
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(met.filter((asked) => !matches(requestOf(asked))), []);
      assert.deepEqual(unmet.filter((asked) => matches(requestOf(asked))), []);
    }
  });
}

const hosts = (...authorities: string[]) => authorities.map((authority) => ({ authority }));
check(
  "host == a.example",
  hosts("a.example", "A.Example", "a.example.", "a.example:8080", "A.EXAMPLE.:80"),
  hosts("", "b.example", "xa.example", "x.a.example", "a.example.org", "a.example..", "a", "[::1]"),
);
check("host == A.EXAMPLE.", hosts("a.example", "A.example:1"), hosts("b.example"));
check("host != a.example", hosts("b.example", "", "x.a.example"), hosts("a.example", "A.EXAMPLE.:80"));
check(
  "host == *.a.example",
  hosts("x.a.example", "X.Y.A.Example.:80", "x-y.a.example"),
  hosts("a.example", ".a.example", "xa.example", "x.a.example.org", "x.b.example", ""),
);
check(
  "host in [b.example, *.c.example, 10.0.0.1]",
  hosts("b.example", "x.c.example", "10.0.0.1:80"),
  hosts("c.example", "x.b.example", "10.0.0.2"),
);
check(
  "host == [2001:db8::1]",
  hosts("[2001:db8::1]", "[2001:DB8:0:0::1]:80", "[2001:0db8::0001]"),
  hosts("[2001:db8::2]", "[::1]:80"),
);
check("host ~ ^[ab][.]example$", hosts("a.example:80", "B.Example."), hosts("c.example", "xa.example"));

const targets = (...all: string[]) => all.map((target) => ({ target }));
check(
  "path == /a/b",
  targets("/a/b", "/a/b?x", "/a/b?/c"),
  targets("/a/b/", "/a", "/A/b", "/a%2Fb", "/a//b", "/a/b/c?/a/b", "*", "/?/a/b", "/a/b;x"),
);
check("path == *", targets("*"), targets("/", "/*"));
check("path ~ [.]php$", targets("/a.php", "/a.php?x=1"), targets("/a.phpx", "/?a.php", "/a?x=.php"));
check(
  "path_prefix == /api",
  targets("/api", "/api/", "/api/x", "/api?x", "/api/?x", "/api//"),
  targets("/apix", "/ap", "/", "/x/api", "/API", "/api%2Fx", "/?/api", "/?x=/api/", "*", "//api"),
);
check("path_prefix == /api/", targets("/api/", "/api/x", "/api/?x"), targets("/api", "/apix", "/api?/"));
check("path_prefix == /", targets("/", "/x", "/?x", "//"), targets("*"));
check("path_prefix != /api", targets("/apix", "/", "*"), targets("/api", "/api/x"));
check("path_prefix in [/a, /b]", targets("/a/x", "/b"), targets("/c", "/ab"));

const methods = (...all: string[]) => all.map((method) => ({ method }));
check("method == GET", methods("GET"), methods("get", "HEAD", "GETS"));
check("method in [PUT, PATCH]", methods("PUT", "PATCH"), methods("GET", "PUT, PATCH"));
check("method != GET", methods("POST", "get"), methods("GET"));
check("method ~ ^P", methods("PUT", "POST", "PURGE"), methods("GET", "OPTIONS"));

const lines = (...all: string[][]) => all.map((lines) => ({ lines }));
check(
  "header(X-Beta)",
  lines(["X-Beta: 1"], ["x-bETA: "], ["X-Other: 1", "x-beta: 0"]),
  lines([], ["X-Beta2: 1"], ["X_Beta: 1"], ["Cookie: x-beta=1"]),
);
check("!header(x-beta)", lines([], ["x-betas: 1"]), lines(["X-Beta: 1"], ["X-Beta: "]));
check(
  "header(x-beta) == Yes",
  lines(["X-BETA: Yes"]),
  lines([], ["x-beta: yes"], ["x-beta: Yes!"], ["x-beta: Yes", "x-beta: Yes"], ["x-beta: "]),
);
check("header(x) == 'a, b'", lines(["x: a, b"], ["x: a", "X: b"]), lines(["x: b", "x: a"], ["x: a,b"]));
check("header(x) ~ b", lines(["x: abc"], ["x: a", "x: b"]), lines([], ["x: a"], ["y: b"]));
check("header(x) == ''", lines(["x: "]), lines([], ["x: a"]));
check("header(x) in [a, b]", lines(["x: a"], ["x: b"]), lines([], ["x: c"], ["x: a, b"]));
check(
  "header(accept) ~ ^text/html(,|$)",
  lines(["Accept: text/html,*/*"], ["accept: text/html"]),
  lines(["Accept: text/htmlx"], ["Accept: application/json"]),
);

check(
  "query(a)",
  targets("/?a", "/?a=", "/x?b&a=1", "/?%61"),
  targets("/", "/?", "/?A", "/?b=a", "/a", "/??a"),
);
check(
  "query(a) == 'x y'",
  targets("/?a=x+y", "/?a=x%20y", "/?a=x+y&a=z", "/?a=z&a=x+y", "/?%61=%78+y"),
  targets("/?a=xy", "/?b=x+y", "/?a=x%2By", "/"),
);
check("query(a) != 1", targets("/", "/?a=2", "/?a=2&a=3"), targets("/?a=1", "/?a=1&a=2", "/?a=2&a=1"));
check(
  "all(query(a)) == 1",
  targets("/?a=1", "/?a=1&a=1", "/?b=2&a=1"),
  targets("/", "/?a=1&a=2", "/?a=2&a=1", "/?%61=2&a=1"),
);
check("all(query(a)) != 1", targets("/", "/?a=2", "/?a=1&a=2"), targets("/?a=1", "/?a=1&a=1"));
check("all(query(a)) in [1, 2]", targets("/?a=1&a=2"), targets("/", "/?a=1&a=3"));
check("all(query(a)) ~ ^1", targets("/?a=1&a=12"), targets("/", "/?a=1&a=2"));
check("query(a) == ''", targets("/?a", "/?a=", "/?a&a=1"), targets("/", "/?a=1"));
check("query(u) ~ ^/x", targets("/?u=/x/y", "/?u=%2Fx"), targets("/x", "/?v=/x"));

const cookies = (...all: string[]) => all.map((value) => ({ lines: [`Cookie: ${value}`] }));
check(
  "cookie(a)",
  [...cookies("a=1", "b=2; a=", "b=2;a=1"), { lines: ["cookie: b=2", "COOKIE: a=1"] }],
  [{}, ...cookies("A=1", "a", "ab=1", "b=a=1"), { lines: ["Set-Cookie: a=1"] }],
);
check(
  "cookie(a) == 'x, y, b=1'",
  cookies("a=x, y, b=1", "c=d; a=x, y, b=1; e=f", 'a="x, y, b=1"'),
  cookies("a=x", "a=x; b=1"),
);
check("cookie(a) == 1", cookies("a=1", "a=1; a=2", "a=2; a=1", 'a="1"'), [{}, ...cookies("b=x, a=1")]);
check("all(cookie(a)) == 1", cookies("a=1", "a=1; b=2; a=1"), [{}, ...cookies("a=2; a=1", "a=1; a=2")]);
check("cookie(b) == 1", [], cookies("a=x, b=1", "a=x,b=1"));

const clients = (...all: string[]) => all.map((client) => ({ client }));
check(
  "src in [10.0.0.0/8, 2001:db8::/32]",
  clients(
    "10.0.0.1",
    "::ffff:10.255.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::9",
    "2001:DB8::1",
    "2001:db8::1%eth0",
  ),
  clients("11.0.0.1", "64:ff9b::b00:1", "2001:db9::1", "", "unknown", "10.0.0.1:80"),
);
check("src == 192.0.2.1", [{}], clients("192.0.2.2"));
check("src != 10.0.0.0/8", [{}, ...clients("", "unknown", "::1")], clients("10.0.0.1"));
check("src in 0.0.0.0/0", [{}], clients("::1", ""));

// What is not there equals nothing, differs from everything and matches no pattern.
for (const subject of ["header(x)", "query(x)", "cookie(x)"]) {
  check(`${subject} == a || ${subject} == ''`, [], [{}]);
  check(`${subject} != a`, [{}], []);
  check(`${subject} ~ ''`, [], [{}]);
  check(`!(${subject} ~ '')`, [{}], []);
  check(`${subject} in [a, '']`, [], [{}]);
  check(`!${subject}`, [{}], []);
}

const PAIRS = [[], ["a: 1"], ["b: 1"], ["c: 1"], ["a: 1", "b: 1"], ["a: 1", "c: 1"], ["b: 1", "c: 1"]];
const LOGIC: [condition: string, met: (has: (name: string) => boolean) => boolean][] = [
  ["header(a) || header(b) && header(c)", (has) => has("a") || (has("b") && has("c"))],
  ["(header(a) || header(b)) && header(c)", (has) => (has("a") || has("b")) && has("c")],
  ["!header(a) && header(b) || header(c)", (has) => (!has("a") && has("b")) || has("c")],
  ["!(header(a) && header(b))", (has) => !(has("a") && has("b"))],
  ["!!header(a)", (has) => has("a")],
];
for (const [condition, met] of LOGIC) {
  const isMet = (pair: string[]) => met((name) => pair.includes(`${name}: 1`));
  check(condition, lines(...PAIRS.filter(isMet)), lines(...PAIRS.filter((pair) => !isMet(pair))));
}

test("compileCondition() looks at 50 levels", () => {
  const deep = parseCondition("!(".repeat(25) + "header(a)" + ")".repeat(25));
  const matches = compileCondition(deep, conditionParts(POLICY, pathReader("off")));
  assert.equal(matches(requestOf({})), true);
  assert.equal(matches(requestOf({ lines: ["a: 1"] })), false);
});

const identity: [name: string, value: string, trusted: boolean, clientHeader: string, found: boolean][] = [
  ["x-forwarded-proto", "https", false, "x-forwarded-for", false],
  ["x-forwarded-proto", "https", true, "x-forwarded-for", true],
  ["x-forwarded-proto", "https", true, "forwarded", false],
  ["x-forwarded-prefix", "/x", false, "x-forwarded-for", false],
  ["forwarded", "for=a", true, "x-forwarded-for", false],
  ["forwarded", "for=a", true, "forwarded", true],
  ["x-real-ip", "10.0.0.1", false, "x-forwarded-for", false],
  ["x-real-ip", "192.0.2.1", false, "x-forwarded-for", true],
  ["x_role", "admin", false, "x-forwarded-for", false],
];
for (const [name, value, trusted, clientHeader, found] of identity) {
  const peer = trusted ? "a trusted" : "any";
  test(`compileCondition() ${found ? "reads" : "hides"} ${name}: ${value} of ${peer} peer, client in ${clientHeader}`, () => {
    const policy = { ...POLICY, clientHeader: clientHeader as "forwarded" };
    const matches = compileCondition(
      parseCondition(`header(${name}) == "${value}"`),
      conditionParts(policy, pathReader("off")),
    );
    const request = requestOf({ lines: [`${name}: ${name === "x-real-ip" ? "10.0.0.1" : value}`] });
    request.exchange.peerTrusted = trusted;
    assert.equal(matches(request), found);
  });
}

test("compileCondition() reads names with underscores where they are kept", () => {
  const parts = conditionParts({ ...POLICY, aliases: "keep" }, pathReader("off"));
  const matches = compileCondition(parseCondition("header(x_role) == admin"), parts);
  assert.equal(matches(requestOf({ lines: ["X_Role: admin"] })), true);
});

test("compileCondition() has a query and cookies read once for a request, however many conditions ask", () => {
  const work = { query: 0, cookies: 0, kept: 0 };
  const counted = <Source>(what: "query" | "cookies", read: ReadValues<Source>): ReadValues<Source> => {
    return (source, names) => {
      work[what]++;
      const values = read(source, names);
      work.kept += values.size;
      return values;
    };
  };
  const parts = {
    policy: POLICY,
    paths: pathReader("off"),
    query: new NamedValues(counted("query", queryValues)),
    cookies: new NamedValues(counted("cookies", cookieValues)),
  };
  const conditions = Array.from(
    { length: 100 },
    (_, i) => compileCondition(parseCondition(`query(q${i}) == 1 || cookie(c${i}) == 1`), parts),
  );
  const met = (asked: Asked) => {
    const request = requestOf(asked);
    return conditions.flatMap((matches, i) => matches(request) ? [i] : []);
  };
  const many = Array.from({ length: 2000 }, (_, i) => `x${i}=1`);
  const padded = { target: `/?${many.join("&")}&q7=1`, lines: [`Cookie: ${many.join("; ")}; c99=1`] };
  assert.deepEqual(met(padded), [7, 99]);
  assert.deepEqual(work, { query: 1, cookies: 1, kept: 2 });
  assert.deepEqual(met({ target: "/?q8=1", lines: ["Cookie: c9=1"] }), [8, 9]); // of another request
  assert.deepEqual(work, { query: 2, cookies: 2, kept: 4 });
  assert.deepEqual(met({ target: "/?q8=1", lines: ["Cookie: c10=1"] }), [8, 10]);
  assert.deepEqual(work, { query: 2, cookies: 3, kept: 5 }); // the same query says the same
});
