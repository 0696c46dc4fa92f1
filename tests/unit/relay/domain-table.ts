/** Rows about one list of domains: what it means and what it does not, hosts as clients write them. */
export const DOMAIN_TABLE: readonly [list: readonly string[], matched: string[], others: string[]][] = [
  // The table of http-proxy-lb.
  [["domain:example.com"], ["example.com"], ["api.example.com", "notexample.com", "com"]],
  [["suffix:example.com"], ["example.com", "api.example.com", "a.b.example.com"], ["notexample.com", "com"]],
  [["*.example.com"], ["example.com", "api.example.com"], ["notexample.com", "example.com.evil.test"]],
  [[".example.com"], ["example.com", "api.example.com"], ["notexample.com", "example.org"]],
  [["example.com"], ["example.com", "api.example.com"], ["notexample.com", "xample.com"]],
  // What it got wrong: prefixes with blanks or dots behind them, and trailing dots.
  [["suffix:.example.com"], ["example.com", "api.example.com"], ["notexample.com"]],
  [["domain: example.com", "suffix: .a.test"], ["example.com", "a.test", "x.a.test"], ["api.example.com"]],
  [["  SUFFIX:Example.COM.  "], ["EXAMPLE.com", "api.Example.Com."], ["example.org."]],
  [["domain:example.com."], ["example.com.", "EXAMPLE.COM", "example.com"], ["api.example.com."]],
  [["example.com"], ["example.com.", "api.example.com.", "example.com.."], [
    "com.",
    "example.com.evil.test.",
  ]],
  [["localhost"], ["localhost", "LOCALHOST.", "a.localhost"], ["localhost.test"]],
  [["xn--bcher-kva.example"], ["XN--BCHER-KVA.example"], ["bcher-kva.example"]],
  // Addresses, in every spelling of them.
  [["10.1.2.3"], ["10.1.2.3", "10.1.2.3.", "[::ffff:10.1.2.3]", "[::FFFF:A01:203]"], [
    "10.1.2.4",
    "x.10.1.2.3.test",
  ]],
  [["domain:10.1.2.3", "suffix:10.1.2.4"], ["10.1.2.3", "10.1.2.4"], ["1.2.3", "0.10.1.2.3"]],
  [["10.0.0.0/8"], ["10.0.0.0", "10.255.255.255", "[::ffff:10.0.0.1]"], [
    "11.0.0.0",
    "10.example.com",
    "[::1]",
  ]],
  [["10.0.0.0/8"], ["[64:ff9b::a00:1]", "[64:ff9b::10.0.0.1]", "[2002:a00:1::1]"], [
    "[64:ff9b::b00:1]",
    "[2002:b00:1::a00:1]",
    "[64:ff9b:1::a00:1]",
  ]],
  [["127.0.0.0/8"], ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0X7F000001"], [
    "128.1",
    "0x80.1",
    "1.127",
  ]],
  [["::1"], ["[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"], ["[::2]", "127.0.0.1", "localhost"]],
  [["[2001:DB8::0:A]"], ["[2001:db8::a]", "[2001:0DB8::000a]"], ["[2001:db8::b]"]],
  [["2001:db8::/32", "[fc00::]/7"], ["[2001:db8:ffff::1]", "[fd00::1]"], ["[2001:db9::]", "2001.db8.test"]],
  [["::ffff:127.0.0.1"], ["127.0.0.1", "[::ffff:7f00:1]"], ["[::127.0.0.1]", "127.0.0.2"]],
  [["::/0"], ["[::1]", "[2001:db8::1]"], ["10.0.0.1", "[::ffff:10.0.0.1]", "example.com"]],
  [["0.0.0.0/0"], ["10.0.0.1", "[::ffff:10.0.0.1]"], ["[::1]", "example.com"]],
  [["a.test", "domain:b.test", "192.0.2.0/24"], ["x.a.test", "b.test", "192.0.2.9"], [
    "x.b.test",
    "192.0.3.9",
  ]],
  [["__proto__", "a.test"], ["__proto__", "x.__proto__"], ["constructor", "hasownproperty.test", "tostring"]],
  [[], [], ["example.com", "10.0.0.1", "[::1]", "localhost"]],
];
