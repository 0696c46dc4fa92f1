import assert from "node:assert/strict";
import { test } from "node:test";
import { type EjectionCause, PassiveHealth } from "../../../src/health/passive.ts";

const RULES = {
  enabled: true,
  failures: 5,
  failureShare: 0.3,
  minRequests: 5,
  window: 10_000,
  time: 10_000,
  maxTime: 300_000,
};

/** Address of a client. */
const by = (client: number | string) => `192.0.2.${client}`;

const NOT_YET = [undefined, undefined, undefined, undefined];

/** As many failures at `now`, each of another client; what each of them is enough for. */
function failTimes(health: PassiveHealth, times: number, now = 0): (EjectionCause | undefined)[] {
  return Array.from({ length: times }, (_, i) => health.failed({ now, client: by(i) }));
}

/** `outcomes`: `-` a failure of another client, `r` a refused connection, `+` an answer. `enough`: after each failure `y` or `n`. */
const rows: [outcomes: string, enough: string, why: string][] = [
  ["-----", "nnnny", "is true at the fifth failure in a row"],
  ["------", "nnnnyy", "stays true while nobody ejects"],
  ["----+-----", "nnnnnnnny", "counts from 0 after an answer"],
  ["-+-+-+-+-+-", "nnnnnn", "is not true for failures that are not in a row"],
  ["r", "y", "is true at once for a refused connection"],
  ["--r", "nny", "is true at once for a refused connection, whatever was before"],
  ["r+-", "yn", "counts from 0 after an answer that followed a refused connection"],
];
for (const [outcomes, enough, why] of rows) {
  test(`PassiveHealth.failed() ${why}`, () => {
    const health = new PassiveHealth({ ...RULES, failureShare: 0 });
    let seen = "";
    for (const [i, outcome] of [...outcomes].entries()) {
      if (outcome === "+") health.passed(by(i), 0);
      else seen += health.failed({ now: 0, refused: outcome === "r", client: by(i) }) ? "y" : "n";
    }
    assert.equal(seen, enough);
  });
}

test("PassiveHealth.failed() is enough for a row of few clients, by their networks, only if some of it is proven", () => {
  const health = new PassiveHealth({ ...RULES, failureShare: 0 });
  for (let i = 0; i < 50; i++) {
    const client = [by(1), by(2), by(3), `2001:db8::${i.toString(16)}`][i % 4]!;
    assert.equal(health.failed({ now: i, client }), undefined);
  }
  assert.deepEqual([1, 2, 3].map(() => health.proven(50, by(1))), [undefined, undefined, "row"]);
});

/** `by` whom three of five failures are proven, and who is served `before`, then `ms` later; whether that ejects. */
const proofs: [by: string[], before: string[], ms: number, enough: boolean, why: string][] = [
  [["a", "a", "a"], [], 0, true, "of one client, where no other is served"],
  [["a", "a", "a"], ["a"], 0, true, "of one client, where it alone is served"],
  [["a", "a", "a"], ["b"], 0, false, "of one client, where another is served"],
  [["a", "a", "a"], ["b", "c", "d", "a"], 0, false, "of one client, where others are served before it"],
  [["a", "a", "a"], ["b"], 10_001, true, "of one client, where another was served before the window"],
  [["a", "a", "a"], ["2001:db8::1"], 0, false, "of one client, where one with an IPv6 address is served"],
  [["2001:db8::1", "2001:db8::2", "2001:db8::3"], ["b"], 0, false, "of one /64, where another is served"],
  [["a", "b", "a"], ["c"], 0, false, "of two clients, where another is served"],
  [["a", "b", "a"], ["a", "b"], 0, true, "of two clients, where none but them is served"],
  [["a", "b", "c"], ["d"], 0, true, "of three clients, whoever is served"],
];
for (const [provers, before, ms, enough, why] of proofs) {
  test(`PassiveHealth.proven() is ${enough ? "" : "not "}enough for a row by proofs ${why}`, () => {
    const health = new PassiveHealth({ ...RULES, failureShare: 0, minRequests: 20 });
    before.forEach((client, i) => health.passed(client, 100 + i * 50));
    const now = 300 + ms;
    for (let i = 0; i < 5; i++) health.failed({ now, client: provers[i % 3]! });
    const seen = provers.map((client) => health.proven(now, client));
    assert.deepEqual(seen, [undefined, undefined, enough ? "row" : undefined]);
    if (enough) return;
    assert.ok(!health.wantsProof(now, provers[0]!));
    assert.ok(health.wantsProof(now, "192.0.2.99"));
    health.eject(now);
    health.readmit(now + 60_000); // nobody was served meanwhile, which says nothing
    for (let i = 0; i < 5; i++) health.failed({ now: now + 60_000, client: provers[0]! });
    assert.deepEqual(provers.map(() => health.proven(now + 60_000, provers[0]!)), [
      undefined,
      undefined,
      undefined,
    ]);
  });
}

test("PassiveHealth.proven() is not enough for a share by proofs of one client, where another is served in between", () => {
  const health = new PassiveHealth({ ...RULES, failures: 1000 });
  for (let i = 0; i < 100; i++) {
    const now = i * 20;
    health.passed(by(1 + (i % 2)), now);
    assert.equal(health.failed({ now, client: by(1) }), undefined);
    assert.equal(health.proven(now, by(1)), undefined);
  }
});

test("PassiveHealth.failed() counts every failure that no client has to do with as proven", () => {
  const health = new PassiveHealth(RULES);
  health.failed({ now: 0, client: by(1) });
  for (let i = 0; i < 3; i++) assert.equal(health.failed({ now: 0 }), undefined);
  assert.equal(health.failed({ now: 0 }), "row");
});

test("PassiveHealth.wantsProof() is true from the last of a row on, for some failures until one is proven", () => {
  const health = new PassiveHealth({ ...RULES, failureShare: 0 });
  let seen = "";
  for (let i = 0; i < 26; i++) {
    const asks = health.wantsProof(i, by(1));
    if (asks) {
      health.asksForProof(0.5);
      health.asked();
    }
    health.failed({ now: i, client: by(1) });
    seen += asks ? "y" : "n";
  }
  assert.equal(seen, "nnnnynnnnnnnnnynnnnnnnnnyn");
  health.proven(26, by(1));
  assert.ok(health.wantsProof(26, by(1)));
  health.passed(by(2), 0);
  assert.ok(!health.wantsProof(26, by(1)));
});

test("PassiveHealth.wantsProof() is true where too large a share fails, and never where ejection is off", () => {
  for (const enabled of [true, false]) {
    const health = new PassiveHealth({ ...RULES, enabled });
    for (let i = 0; i < 10; i++) {
      assert.equal(health.wantsProof(i, by(1)), enabled && i >= 3, `${i}`);
      health.failed({ now: i, client: by(1) });
      health.passed(by(1), 0);
    }
  }
});

/** `outcomes`: `-` failures, `p` proven ones, `+` answers, by turns of so many clients; whether their share is enough. */
const shares: [outcomes: string, clients: number, enough: boolean, why: string][] = [
  ["-+", 8, true, "every second request fails"],
  ["-+++++++++", 8, false, "every tenth request fails"],
  ["p+", 1, true, "every second request of one client fails, and is answered elsewhere"],
  ["-+", 1, false, "every second request of one client fails, unproven"],
  ["-+", 4, false, "every second request of a few clients fails, unproven"],
];
for (const [outcomes, clients, enough, why] of shares) {
  test(`PassiveHealth.failed() is ${enough ? "" : "not "}enough for an ejection where ${why}`, () => {
    const health = new PassiveHealth({ ...RULES, failures: 1000 });
    let seen: EjectionCause | undefined;
    for (let i = 0; i < 120 && seen === undefined; i++) {
      const client = by(Math.floor(i / outcomes.length) % clients);
      const outcome = outcomes[i % outcomes.length];
      if (outcome === "+") health.passed(client, 0);
      else seen = health.failed({ now: i * 50, client });
      if (outcome === "p") seen = health.proven(i * 50, client);
    }
    assert.equal(seen, enough ? "share" : undefined);
  });
}

test("PassiveHealth.failed() leaves out the one client that has most failures where others ask as well", () => {
  const health = new PassiveHealth({ ...RULES, failures: 1000 });
  for (let i = 0; i < 5; i++) health.failed({ now: 0, client: by(i) });
  health.eject(0);
  health.readmit(0);
  for (let i = 0; i < 2000; i++) {
    health.passed(by(i % 50), 0);
    for (let n = 0; n < (i < 8 ? 0 : 4); n++) {
      assert.equal(health.failed({ now: i < 16 ? 0 : i, client: by("200") }), undefined);
      if (i >= 16) assert.equal(health.proven(i, by("200")), undefined);
    }
  }
});

test("PassiveHealth.failed() knows no share below min_requests, beyond the window, or where it is 0", () => {
  for (
    const [rules, pause] of [[{ minRequests: 200 }, 1], [{ window: 100 }, 25], [
      { failureShare: 0 },
      1,
    ]] as const
  ) {
    const health = new PassiveHealth({ ...RULES, failures: 1000, ...rules });
    for (let i = 0; i < 60; i++) {
      health.passed(by(i), 0);
      assert.equal(health.failed({ now: i * pause, client: by(i) }), undefined);
    }
  }
});

test("PassiveHealth.eject() for a share lasts longer each time, until as many as make a share were answered", () => {
  const health = new PassiveHealth(RULES);
  assert.equal(health.eject(0, "share"), 10_000);
  health.readmit(0);
  for (let i = 0; i < 4; i++) health.passed(by(i), 0);
  assert.equal(health.eject(0, "share"), 20_000);
  health.readmit(0);
  for (let i = 0; i < 5; i++) health.passed(by(i), 0);
  assert.equal(health.eject(0, "share"), 10_000);
});

test("PassiveHealth.wantsProof() is true for three failures at a time", () => {
  const health = new PassiveHealth(RULES);
  failTimes(health, 5);
  for (let i = 0; i < 3; i++) {
    assert.ok(health.wantsProof(0, by(1)));
    health.asksForProof(0);
  }
  assert.ok(!health.wantsProof(0, by(1)));
  health.asked();
  assert.ok(health.wantsProof(0, by(1)));
});

test("PassiveHealth goes on where the one of the config before is", () => {
  const rows = new PassiveHealth(RULES);
  failTimes(rows, 4);
  assert.equal(new PassiveHealth(RULES, rows).failed({ now: 0, client: by(9) }), "row");
  const shares = new PassiveHealth(RULES);
  for (let i = 0; i < 19; i++) {
    if (i % 2 === 0) failTimes(shares, 1, i);
    else shares.passed(by(i), 0);
    shares.passed(by(i), 0);
  }
  shares.eject(0);
  const next = new PassiveHealth(RULES, shares);
  assert.deepEqual([next.isEjected(9000), next.eject(0)], [true, 20_000]);
});

test("PassiveHealth.proven() is true at the first failure where one is enough", () => {
  const health = new PassiveHealth({ ...RULES, failures: 1 });
  assert.equal(health.failed({ now: 0, client: by(1) }), undefined);
  assert.equal(health.proven(0, by(1)), "row");
});

test("PassiveHealth.proven() asks for three networks where others are served, however few failures are enough", () => {
  const health = new PassiveHealth({ ...RULES, failures: 1 });
  health.passed(by(9), 0);
  for (const client of [1, 1, 2]) {
    assert.equal(health.failed({ now: 0, client: by(client) }), undefined);
    assert.equal(health.proven(0, by(client)), undefined);
  }
  health.failed({ now: 0, client: by(3) });
  assert.equal(health.proven(0, by(3)), "row");
  health.readmit(0);
  assert.equal(health.failed({ now: 0 }), "row"); // no client has to do with it
});

test("PassiveHealth.failed() is never true where ejection is off", () => {
  const health = new PassiveHealth({ ...RULES, enabled: false });
  for (let i = 0; i < 20; i++) {
    assert.equal(health.failed({ now: 0, refused: i % 2 === 0, client: by(i) }), undefined);
  }
});

test("PassiveHealth.failed() counts from 0 after an ejection", () => {
  const health = new PassiveHealth(RULES);
  failTimes(health, 5);
  health.eject(0);
  assert.deepEqual(failTimes(health, 5), [...NOT_YET, "row"]);
});

test("PassiveHealth.failed() counts from 0 after the return, whatever came in while it was out", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  failTimes(health, 9); // requests that were under way
  health.readmit(0);
  assert.deepEqual(failTimes(health, 5), [...NOT_YET, "row"]);
});

test("PassiveHealth.eject() lasts n times as long the n-th time in a row, up to the maximum", () => {
  const health = new PassiveHealth({ ...RULES, maxTime: 35_000 });
  assert.deepEqual([0, 0, 0, 0, 0].map((now) => health.eject(now)), [
    10_000,
    20_000,
    30_000,
    35_000,
    35_000,
  ]);
});

test("PassiveHealth.eject() keeps to the maximum the first time, too", () => {
  assert.equal(new PassiveHealth({ ...RULES, maxTime: 3000 }).eject(0), 3000);
});

test("PassiveHealth.eject() begins with the shortest time again after an answer", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  health.eject(0);
  health.readmit(0);
  health.passed(by(1), 0);
  assert.equal(health.eject(0), 10_000);
});

test("PassiveHealth.readmit() does not forget how often the server was out", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  health.readmit(0);
  assert.equal(health.isEjected(1), false);
  assert.equal(health.eject(0), 20_000);
});

const times: [now: number, ejected: boolean][] = [[500, true], [10_499, true], [10_500, false], [1e9, false]];
for (const [now, ejected] of times) {
  test(`PassiveHealth.isEjected() is ${ejected} at ${now} for one of 10 s at 500`, () => {
    const health = new PassiveHealth(RULES);
    assert.equal(health.isEjected(now), false);
    health.eject(500);
    assert.equal(health.ejectedUntil, 10_500);
    assert.equal(health.isEjected(now), ejected);
  });
}
