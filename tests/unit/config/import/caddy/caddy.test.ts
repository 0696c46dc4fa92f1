import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftTable } from "../../../../../src/config/import/draft.ts";
import { converted, lostIn, onlyFrontend, refusal } from "../../../../support/converted.ts";

const SYNTAX: [text: string, wrong: string][] = [
  [":80 {\n respond x\n", '1:5: "{" that is never closed'],
  [":80 {\n}\n}\n", '3:1: unexpected "}", which closes nothing'],
  [':80 {\n respond "x\n}\n', "2:10: a quote that is never closed"],
  [":80 {\n respond `x\n}\n", "2:10: a quote that is never closed"],
  [":80 {\n respond <<A\n x\n}\n", "2:10: a text that A never ends"],
  [":80 { respond x\n}\n", '1:7: unexpected word behind "{"; accepted: a line of its own'],
  [":80 {\n respond x }\n", '2:12: unexpected "}"; accepted: a line of its own'],
  ["(a) {\n import a\n}\n:80 {\n import a\n}\n", "2:2: includes files in more than 16 levels"],
];
for (const [text, wrong] of SYNTAX) {
  test(`convertCaddyfile() says where ${JSON.stringify(text)} is wrong`, (t) => {
    assert.equal(refusal(t, "caddy", text), wrong);
  });
}

/** What `respond @m` asks; undefined where it is lost. */
const MATCHERS: [matcher: string, term: string | undefined][] = [
  ["path /a", "path == /a"],
  ["path /a/*", "path_prefix == /a/"],
  ["path /a*", 'path ~ "^/a"'],
  ["path *.php", 'path ~ "\\.php$"'],
  ["path */x/*", "path ~ /x/"],
  ["path /a/*/b", 'path ~ "^/a/[^/]*/b$"'],
  ["path /a /b/*", "path == /a || path_prefix == /b/"],
  ["path_regexp ^/[0-9]+$", 'path ~ "^/[0-9]+$"'],
  ["path_regexp name ^/x", 'path ~ "^/x"'],
  ["host a.example b.example", "host in [a.example, b.example]"],
  ["{\n path /a\n path /b\n}", "path == /a || path == /b"],
  [
    "{\n header X-A b\n header x-a c\n header X-D e\n}",
    "(header(X-A) == b || header(X-A) == c) && header(X-D) == e",
  ],
  ["{\n header X-A\n header X-A c\n}", "header(X-A) && header(X-A) == c"],
  ["{\n not path /a\n not path /b\n}", "path != /a && path != /b"],
  ["method get POST", "method in [GET, POST]"],
  ["header X-A", "header(X-A)"],
  ["header !X-A", "!(header(X-A))"],
  ["header X-A *b*", "header(X-A) ~ b"],
  ["header X-A b*", 'header(X-A) ~ "^b"'],
  ["header X-A b c", "header(X-A) == b || header(X-A) == c"],
  ["header_regexp X-A ^b", 'header(X-A) ~ "^b"'],
  ["header_regexp n X-A ^b", 'header(X-A) ~ "^b"'],
  ["query a=1 a=2 b=*", "query(a) in [1, 2] && query(b)"],
  ["remote_ip 10.0.0.0/8", "src == 10.0.0.0/8"],
  ["not path /a", "path != /a"],
  ["not {\n path /a\n method GET\n}", "!(path == /a && method == GET)"],
  ["{\n path /a\n not method GET\n}", "path == /a && method != GET"],
  ["protocol http", "always"],
  ["expression {method} == 'GET'", undefined],
  ["`{method} == 'GET'`", undefined],
  ["path_regexp (?>a)", undefined],
  ["protocol grpc", undefined],
];
for (const [matcher, term] of MATCHERS) {
  test(`the matcher ${matcher} is ${term ?? "said to be lost"}`, (t) => {
    const draft = converted(t, { format: "caddy", text: `:80 {\n @m ${matcher}\n respond @m x 201\n}\n` });
    const { rules = [], routes } = onlyFrontend(draft);
    const [rule] = rules as DraftTable[];
    const always = ((routes as DraftTable[])[0]!["respond"] as DraftTable)["status"] === 201
      ? "always"
      : undefined;
    assert.equal(rule?.["if"] ?? always, term);
    assert.equal(lostIn(draft).length > 0, term === undefined);
  });
}

const TURNED_AWAY: [lines: string, term: string][] = [
  ["respond /a/* 403", 'path ~ "(?i:^/a/)"'],
  ["respond /a/* 204", "path_prefix == /a/"],
  ["respond /1/* 403", "path_prefix == /1/"],
  ["error /a 404", 'path ~ "(?i:^/a$)"'],
  ["@m path *.sql\n abort @m", 'path ~ "(?i:\\.sql$)"'],
  ["@m path /a/*/b\n respond @m no 401", 'path ~ "(?i:^/a/[^/]*/b$)"'],
  ["basic_auth /a/* {\n u h\n}\n respond x", 'path ~ "(?i:^/a/)"'],
  ["handle /a/* {\n basic_auth {\n u h\n}\n respond x\n}", 'path ~ "(?i:^/a/)"'],
  ["handle /a/* {\n respond x\n}", "path_prefix == /a/"],
];
for (const [lines, term] of TURNED_AWAY) {
  test(`${JSON.stringify(lines)} asks ${term}, so that no other case of a path gets by`, (t) => {
    const { rules } = onlyFrontend(converted(t, { format: "caddy", text: `:80 {\n ${lines}\n}\n` }));
    assert.equal((rules as DraftTable[])[0]!["if"], term);
  });
}

const REWRITTEN: [lines: string, isLost: boolean][] = [
  ["rewrite /a/* /b{uri}\n respond /b/* x", true],
  ["rewrite /a /c\n respond /b/* x", false],
  ["uri strip_suffix /\n handle {\n respond /b x\n}", true],
  ["rewrite /a /c\n respond x", false],
];
for (const [lines, isLost] of REWRITTEN) {
  test(`${JSON.stringify(lines)} is ${isLost ? "" : "not "}said to be lost`, (t) => {
    const draft = converted(t, { format: "caddy", text: `:80 {\n ${lines}\n}\n` });
    assert.equal(lostIn(draft).length > 0, isLost);
  });
}

test("directives are gone through in Caddy's order, longer paths first, and in that of the file in route", (t) => {
  const lines = " respond /a/* 1 201\n redir /c /d\n respond 2 202\n respond /a/b/* 3 203\n";
  const sorted = onlyFrontend(converted(t, { format: "caddy", text: `:80 {\n${lines}}\n` }));
  assert.deepEqual((sorted["rules"] as DraftTable[]).map((rule) => rule["if"]), [
    "path == /c",
    "path_prefix == /a/b/",
    "path_prefix == /a/",
  ]);
  const route = onlyFrontend(converted(t, { format: "caddy", text: `:80 {\n route {\n${lines} }\n}\n` }));
  assert.deepEqual((route["rules"] as DraftTable[]).map((rule) => rule["if"]), [
    "path_prefix == /a/",
    "path == /c",
  ]);
});

test("handle blocks part requests between them, and what follows gets what falls through", (t) => {
  const text =
    ":80 {\n handle /a/* {\n  respond /a/x no 404\n }\n handle_path /b/* {\n  reverse_proxy /v1/* localhost:1\n" +
    "  respond b\n }\n handle {\n  reverse_proxy localhost:2\n }\n respond /a/y yes 201\n}\n";
  const { rules, default_backend: rest } = onlyFrontend(converted(t, { format: "caddy", text }));
  assert.deepEqual(
    (rules as DraftTable[]).map((
      rule,
    ) => [rule["if"], rule["backend"] ?? (rule["respond"] as DraftTable)["status"]]),
    [
      ['path ~ "(?i:^/a/x$)"', 404],
      ["path == /a/y", 201],
      ['path ~ "(?i:^/a/)"', 200],
      ["path_prefix == /b/", 200],
    ],
  );
  assert.equal(rest, "localhost-2");
});

for (
  const line of ["request_header X-A {vars.a}", "reverse_proxy localhost:1 {\n header_up X-A {vars.a}\n}"]
) {
  test(`${JSON.stringify(line)} takes out what clients send of the field`, (t) => {
    const text = `:80 {\n ${line}\n ${line.startsWith("reverse") ? "" : "reverse_proxy localhost:1"}\n}\n`;
    const draft = converted(t, { format: "caddy", text });
    const { routes } = onlyFrontend(draft);
    assert.deepEqual((routes as DraftTable[])[0]!["request_headers"], { remove: ["X-A"] });
    assert.equal(lostIn(draft).length, 1);
  });
}

test("a site with a path takes what is below it, before a site of the same name without one", (t) => {
  const text =
    "http://a.example {\n respond x 201\n}\nhttp://a.example/in/*, http://b.example {\n respond y 202\n}\n";
  const { rules } = onlyFrontend(converted(t, { format: "caddy", text }));
  assert.deepEqual(
    (rules as DraftTable[]).map((rule) => [rule["if"], (rule["respond"] as DraftTable)["status"]]),
    [
      ['host == a.example && path ~ "(?i:^/in/)"', 202],
      ["host == a.example", 201],
      ["host == b.example", 202],
    ],
  );
});

const ADDRESSES: [site: string, frontends: [bind: unknown, host: string | undefined][]][] = [
  [":80", [[":80", undefined]]],
  ["http://a.example", [[":80", "host == a.example"]]],
  ["http://a.example:81, http://b.example:81", [[":81", "host in [a.example, b.example]"]]],
  ["a.example", [[":443", "host == a.example"], [":80", "host == a.example"]]],
  ["https://a.example:444", [[":444", "host == a.example"]]],
  [":8080", [[":8080", undefined]]],
];
for (const [site, frontends] of ADDRESSES) {
  test(`the site ${site} is at ${frontends.map(([bind]) => bind)}`, (t) => {
    const { data } = converted(t, { format: "caddy", text: `${site} {\n respond x 201\n}\n` });
    const found = (data["frontends"] as DraftTable[]).map((
      { bind, rules },
    ) => [bind, (rules as DraftTable[] | undefined)?.[0]?.["if"]]);
    assert.deepEqual(found, frontends);
  });
}

const PROXIES: [lines: string, backend: DraftTable][] = [
  ["localhost:1", { servers: ["http://localhost:1"] }],
  [":1", { servers: ["http://localhost:1"] }],
  ["https://a.example", { servers: ["https://a.example"] }],
  ["unix//run/x", { servers: ["unix:/run/x"] }],
  ["a:1 a:2", { balance: "random", servers: ["http://a:1", "http://a:2"] }],
  ["a:1-3 {\n lb_policy first\n}", { balance: "first", servers: ["http://a:1", "http://a:2", "http://a:3"] }],
  ["a:1 {\n to b:1\n lb_policy header X-A\n}", {
    balance: "hash",
    hash: { on: "header(X-A)" },
    servers: ["http://a:1", "http://b:1"],
  }],
  ["a:1 {\n lb_retries 1\n lb_try_duration 2s\n}", {
    retries: { attempts: 2, deadline: "2s" },
    servers: ["http://a:1"],
  }],
  ["a:1 {\n lb_policy cookie who\n}", { sticky: { cookie: "who" }, servers: ["http://a:1"] }],
  ["a:1 {\n transport http {\n  tls\n  dial_timeout 1s\n }\n}", {
    timeouts: { connect: "1s" },
    servers: ["https://a:1"],
  }],
  ["a:1 {\n unhealthy_request_count 5\n}", { servers: [{ url: "http://a:1", max_connections: 5 }] }],
];
for (const [lines, backend] of PROXIES) {
  test(`reverse_proxy ${lines} becomes a backend`, (t) => {
    const { data } = converted(t, { format: "caddy", text: `:80 {\n reverse_proxy ${lines}\n}\n` });
    assert.deepEqual(JSON.parse(JSON.stringify(Object.values(data["backends"]!)[0])), backend);
  });
}

test("one site may stand without braces, and snippets take arguments", (t) => {
  assert.equal(
    onlyFrontend(converted(t, { format: "caddy", text: ":80\nreverse_proxy a:1\n" }))["default_backend"],
    "a-1",
  );
  const text = "(s) {\n respond {args[0]} {args.1}\n}\n:80 {\n import s /x 204\n}\n";
  const { rules } = onlyFrontend(converted(t, { format: "caddy", text }));
  assert.deepEqual(rules, [{ if: "path == /x", respond: { status: 204 } }]);
});
