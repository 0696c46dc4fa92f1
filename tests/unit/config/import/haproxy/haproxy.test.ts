import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftTable } from "../../../../../src/config/import/draft.ts";
import { conversionReport } from "../../../../../src/config/import/report.ts";
import { converted, lostIn, onlyFrontend, refusal } from "../../../../support/converted.ts";

const DEFAULTS = "defaults\n mode http\n";
const SERVERS = "backend a\n server s 127.0.0.1:1\nbackend b\n server s 127.0.0.1:2\n";

const SYNTAX: [text: string, wrong: string][] = [
  ["mode http\n", '1:1: "mode" stands in no section; accepted first: global, defaults, frontend …'],
  ["defaults\n mode http\nfrontend\n bind :80\n", "3:1: frontend has no name"],
  ['defaults\n  log "x\n', "2:7: a quote that is never closed"],
];
for (const [text, wrong] of SYNTAX) {
  test(`convertHaproxy() says where ${JSON.stringify(text)} is wrong`, (t) => {
    assert.equal(refusal(t, "haproxy", text), wrong);
  });
}

/** What `use_backend b if …` becomes; undefined where it is lost. */
const CRITERIA: [condition: string, term: string | undefined][] = [
  ["{ path /a }", "path == /a"],
  ["{ path -i /A /b }", 'path ~ "(?i:^(?:/A|/b)$)"'],
  ["{ path,lower /a }", 'path ~ "(?i:^/a$)"'],
  ["{ path_beg /a/ }", "path_prefix == /a/"],
  ["{ path_beg /a /b/ }", 'path_prefix == /b/ || path ~ "^/a"'],
  ["{ path -m beg /a }", 'path ~ "^/a"'],
  ["{ path_end .x }", 'path ~ "\\.x$"'],
  ["{ path_reg ^/a+$ }", 'path ~ "^/a+$"'],
  ["{ path_reg (?<=a)b }", 'path ~ "(?<=a)b"'],
  ["{ path_reg (?>a)b }", undefined],
  ["{ hdr(host) -i A.example b.example:8080 }", "host in [a.example, b.example]"],
  ["{ req.hdr(Host),lower,field(1,:) a.example }", "host == a.example"],
  ["{ hdr_end(host) .example.com }", "host == *.example.com"],
  ["{ hdr_end(host) example.com }", 'host ~ "example\\.com$"'],
  ["{ hdr_beg(host) -i www. }", 'host ~ "^www\\."'],
  ["{ hdr(x-a) -m found }", "header(x-a)"],
  ["{ hdr(x-a) b }", String.raw`header(x-a) ~ "(?:^|,)\s*b\s*(?:,|$)"`],
  ["{ hdr_beg(x-a) b }", String.raw`header(x-a) ~ "(?:^|,)\s*b"`],
  ["{ hdr_end(x-a) b }", String.raw`header(x-a) ~ "b\s*(?:,|$)"`],
  ["{ hdr_reg(x-a) ^b+$ }", String.raw`header(x-a) ~ "(?:^|,)\s*b+\s*(?:,|$)"`],
  ["{ req.fhdr(x-a) b }", "header(x-a) == b"],
  ["{ hdr_sub(user-agent) -i bot }", 'header(user-agent) ~ "(?i:bot)"'],
  ["{ url_param(v) 1 }", "query(v) == 1"],
  ["{ cook(s) -m found }", "cookie(s)"],
  ["{ method GET HEAD }", "method in [GET, HEAD]"],
  ["METH_POST", "method == POST"],
  ["METH_GET", "method in [GET, HEAD]"],
  ["{ url_beg /a/ }", "path_prefix == /a/"],
  ["{ url_beg /a?b }", undefined],
  ["{ url_sub union }", undefined],
  ["{ url_reg a$ }", undefined],
  ["{ url_end .php }", undefined],
  ["{ url /a }", undefined],
  ["{ path_sub %2e }", undefined],
  ["{ hdr(x-a,-1) b }", undefined],
  ["{ hdr(host,1) a.example }", "host == a.example"],
  ["{ hdr(x-a),url_dec b }", undefined],
  ["{ hdr(x-a),field(1,:) b }", undefined],
  ["{ path,field(1,:) /a }", undefined],
  ["{ path,url_dec /a }", "path == /a"],
  ["{ src 10.0.0.0/8 ::1 }", "src in [10.0.0.0/8, ::1]"],
  ["!{ src 10.0.0.0/8 }", "src != 10.0.0.0/8"],
  ["one", "path == /a || path == /b"],
  ["!one", "!(path == /a || path == /b)"],
  ["one !two", "(path == /a || path == /b) && method != GET"],
  ["one two or { path /c }", "(path == /a || path == /b) && method == GET || path == /c"],
  ["{ ssl_fc } or two", "method == GET"],
  ["two !{ ssl_fc }", "method == GET"],
  ["FALSE or two", "method == GET"],
  ["{ path,md5 x }", undefined],
  ["{ dst_port 80 }", undefined],
  ["nobody", undefined],
];
for (const [condition, term] of CRITERIA) {
  test(`if ${condition} is ${term ?? "said to be lost"}`, (t) => {
    const text =
      `${DEFAULTS}frontend f\n bind :80\n acl one path /a\n acl one path /b\n acl two method GET\n` +
      ` use_backend b if ${condition}\n default_backend a\n${SERVERS}`;
    const draft = converted(t, { format: "haproxy", text });
    const { rules = [] } = onlyFrontend(draft);
    assert.deepEqual((rules as DraftTable[]).map((rule) => rule["if"]), term === undefined ? [] : [term]);
    assert.equal(lostIn(draft).length, term === undefined ? 1 : 0);
  });
}

const BINDS: [bind: string, addresses: string | string[]][] = [
  [":80", "0.0.0.0:80"],
  ["*:80", "0.0.0.0:80"],
  [":::80", "[::]:80"],
  ["[::]:80 v4v6", ":80"],
  ["10.0.0.1:80,[::1]:81", ["10.0.0.1:80", "[::1]:81"]],
  ["10.0.0.1:80-82", ["10.0.0.1:80", "10.0.0.1:81", "10.0.0.1:82"]],
  ["/run/x.sock", "unix:/run/x.sock"],
  ["unix@/run/x.sock mode 600", "unix:/run/x.sock"],
  ["ipv6@:80", "[::]:80"],
];
for (const [bind, addresses] of BINDS) {
  test(`bind ${bind} listens on ${addresses}`, (t) => {
    const text = `${DEFAULTS}listen f\n bind ${bind}\n server s 127.0.0.1:1\n`;
    assert.deepEqual(onlyFrontend(converted(t, { format: "haproxy", text }))["bind"], addresses);
  });
}

const EDITS: [line: string, keys: DraftTable | undefined][] = [
  ["http-request set-path /x%[path]", { add_prefix: "/x" }],
  ["http-request set-path /one", { replace_path: "/one" }],
  ["http-request set-path %[path,regsub(^/a/,/)]", { rewrite_path: { pattern: "^/a/", replacement: "/" } }],
  ["http-request replace-path ^/a/(.*)$ /b/\\1", {
    rewrite_path: { pattern: "^/a/(.*)$", replacement: "/b/$1" },
  }],
  ["http-request set-header X-A %[src]:%[method]%%", {
    request_headers: { set: { "X-A": "{client}:{method}%" } },
  }],
  ["http-request set-header X-Real-IP %[src]", {}],
  ["http-request set-header Host a.example", undefined],
  ["http-response del-header Server", { response_headers: { remove: ["Server"] } }],
  ["http-request replace-header X-A a b", undefined],
];
for (const [line, keys] of EDITS) {
  test(`${line} becomes keys of an action, or is said to be lost`, (t) => {
    const text =
      `${DEFAULTS}frontend f\n bind :80\n default_backend a\nbackend a\n ${line}\n server s 127.0.0.1:1\n`;
    const draft = converted(t, { format: "haproxy", text });
    const { routes } = onlyFrontend(draft);
    const { backend: _, ...found } = (routes as DraftTable[] | undefined)?.[0] ?? {};
    assert.deepEqual(found, keys ?? {});
    assert.equal(lostIn(draft).length, keys === undefined ? 1 : 0);
  });
}

test("who sets X-Forwarded-For anew is told that trusted peers keep theirs", (t) => {
  const text =
    `${DEFAULTS}listen f\n bind :80\n http-request set-header X-Forwarded-For %[src]\n server s 127.0.0.1:1\n`;
  const draft = converted(t, { format: "haproxy", text });
  assert.match(conversionReport(draft), /set-header X-Forwarded-For .*trusted_proxies = \[\]/);
});

test("a field that is set to what no template can say is lost, and so is what clients send of it", (t) => {
  const text = `${DEFAULTS}frontend f\n bind :80\n default_backend a\nbackend a\n` +
    " http-request set-header X-Cert %[ssl_c_der]\n server s 127.0.0.1:1\n";
  const draft = converted(t, { format: "haproxy", text });
  const { routes } = onlyFrontend(draft);
  assert.deepEqual((routes as DraftTable[])[0]!["request_headers"], { remove: ["X-Cert"] });
  assert.equal(lostIn(draft).length, 1);
});

for (
  const [section, line] of [
    ["frontend", "http-request deny if { path_beg /x/no }"],
    ["frontend", "use_backend b if { path /x/one }"],
    ["backend", "http-request deny if { path_beg /x/no }"],
  ] as const
) {
  test(`${line} of a ${section} is said to be lost where the path was changed before it`, (t) => {
    const lines = ` http-request set-path /x%[path]\n ${line}\n`;
    const text =
      `${DEFAULTS}frontend f\n bind :80\n${section === "frontend" ? lines : ""} default_backend a\n` +
      `backend a\n${
        section === "backend" ? lines : ""
      } server s 127.0.0.1:1\nbackend b\n server s 127.0.0.1:2\n`;
    assert.equal(lostIn(converted(t, { format: "haproxy", text })).length, 1);
  });
}

test("a change for some requests doubles the rules that it may meet, and no others", (t) => {
  const text = `${DEFAULTS}frontend f\n bind :80\n http-request set-header X-A 1 if { hdr(x-b) -m found }\n` +
    ` http-request deny if { path /no }\n use_backend b if { hdr(x-b) -m found }\n use_backend b if { path_beg /b/ }\n default_backend a\n${SERVERS}`;
  const { rules, routes, default_backend: rest } = onlyFrontend(converted(t, { format: "haproxy", text }));
  assert.deepEqual(
    (rules as DraftTable[]).map((rule) => [rule["if"], rule["request_headers"] !== undefined]),
    [
      ["path == /no", false],
      ["header(x-b)", true],
      ["path_prefix == /b/", false],
    ],
  );
  assert.deepEqual([routes, rest], [undefined, "a"]);
});

test("defaults are those before a section, or those that it names", (t) => {
  const text =
    `defaults one\n mode http\n timeout client 1s\ndefaults two from one\n timeout server 2s\nfrontend f from one\n bind :80\n` +
    " default_backend a\nbackend a\n balance roundrobin\n server s 127.0.0.1:1\n";
  const { data } = converted(t, { format: "haproxy", text });
  assert.deepEqual(onlyFrontend(converted(t, { format: "haproxy", text }))["timeouts"], {
    body_idle: "1s",
    keep_alive: "1s",
    write_idle: "1s",
  });
  assert.deepEqual((data["backends"] as DraftTable)["a"], {
    timeouts: { response: "2s", idle: "2s" },
    servers: ["http://127.0.0.1:1"],
  });
});
