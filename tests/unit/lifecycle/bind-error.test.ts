import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBind } from "../../../src/config/values/bind.ts";
import { BindError } from "../../../src/lifecycle/bind-error.ts";

const rows: [address: string, code: string | undefined, message: RegExp][] = [
  [
    "127.0.0.1:8080",
    "EADDRINUSE",
    /^cannot listen on 127\.0\.0\.1:8080: EADDRINUSE: another program .*choose another port$/,
  ],
  [
    ":80",
    "EACCES",
    /^cannot listen on :80: EACCES: .* below 1024; choose a higher one, or allow it \("setcap cap_net_bind/,
  ],
  ["[::1]:443", "EPERM", /below 1024; choose a higher one/],
  [":8080", "EACCES", /^cannot listen on :8080: EACCES$/],
  ["192.0.2.1:80", "EADDRNOTAVAIL", /no such address; choose one that it has, or ":80" for all$/],
  ["192.0.2.1:80", "EINVAL", /no such address; choose one that it has/],
  ["[::1]:80", "EAFNOSUPPORT", /no IPv6; choose an IPv4 address$/],
  ["web.invalid:80", "ENOTFOUND", /nobody knows this name; choose an address, or another name$/],
  ["web.invalid:80", undefined, /nobody knows this name/],
  ["127.0.0.1:80", undefined, /^cannot listen on 127\.0\.0\.1:80: broken$/],
  [
    "unix:/run/a.sock",
    "EADDRINUSE",
    /^cannot listen on unix:\/run\/a\.sock: EADDRINUSE: another program .*choose another path$/,
  ],
  ["unix:/run/a.sock", "EACCES", /may not write to that folder/],
  ["unix:/nowhere/a.sock", "ENOENT", /no such folder; make it, or choose another path$/],
  ["unix:/run/a.sock", "EMFILE", /: EMFILE$/],
];
for (const [address, code, message] of rows) {
  test(`BindError says what ${code ?? "an error without a code"} means for ${address}`, () => {
    const cause = Object.assign(new Error("broken"), code !== undefined && { code });
    assert.match(new BindError("web", parseBind(address), cause).message, message);
  });
}
