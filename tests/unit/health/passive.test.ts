import assert from "node:assert/strict";
import { test } from "node:test";
import { type EjectionCause, PassiveHealth } from "../../../src/health/passive.ts";

const RULES = {
  enabled: true,
  failures: 5,
  failureShare: 0.3,
  minRequests: 20,
  window: 10_000,
  time: 10_000,
  maxTime: 300_000,
};

/** A request of `client`. */
const by = (client: number | string) => ({ client: `192.0.2.${client}`, method: "GET", target: "/" });

const NOT_YET = [undefined, undefined, undefined, undefined];

/** As many failures at `now`, each of another client; what each of them is enough for. */
function failTimes(health: PassiveHealth, times: number, now = 0): (EjectionCause | undefined)[] {
  return Array.from({ length: times }, (_, i) => health.failed({ now, asked: by(i) }));
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
    const health = new PassiveHealth(RULES);
    let seen = "";
    for (const [i, outcome] of [...outcomes].entries()) {
      if (outcome === "+") health.passed(by(i).client);
      else seen += health.failed({ now: 0, refused: outcome === "r", asked: by(i) }) ? "y" : "n";
    }
    assert.equal(seen, enough);
  });
}

test("PassiveHealth.failed() counts each client once in a row, by its network", () => {
  const health = new PassiveHealth({ ...RULES, failureShare: 0 });
  const asked = (client: string) => ({ client, method: "GET", target: "/" });
  for (let i = 0; i < 50; i++) {
    assert.equal(health.failed({ now: 499, asked: asked(`2001:db8::${i.toString(16)}`) }), undefined);
    assert.equal(health.failed({ now: 499, asked: asked("192.0.2.1") }), undefined);
  }
});

test("PassiveHealth.failed() counts all of a row where nobody of several was answered well for half a second", () => {
  for (const [clients, enough] of [[1, undefined], [2, "row"]] as const) {
    const health = new PassiveHealth(RULES);
    for (let i = 0; i < 10; i++) {
      assert.equal(health.failed({ now: i * 50, asked: by(i % clients) }), undefined);
    }
    assert.equal(health.failed({ now: 500, asked: by(0) }), enough);
  }
});

test("PassiveHealth.failed() counts every failure that no client has to do with", () => {
  const health = new PassiveHealth(RULES);
  health.failed({ now: 0, asked: by(1) });
  for (let i = 0; i < 3; i++) assert.equal(health.failed({ now: 0 }), undefined);
  assert.equal(health.failed({ now: 0 }), "row");
});

test("PassiveHealth.failed() counts what another server answered, behind half a second without anybody else", () => {
  for (const answered of [false, true]) {
    const health = new PassiveHealth(RULES);
    for (let i = 0; i < 12; i++) {
      if (answered && i % 3 === 0) health.passed(by(2).client);
      const enough = health.failed({ now: i * 100, asked: by(1) });
      assert.equal(enough, !answered && i >= 5 ? "row" : undefined, `${i}`);
      health.confirm(1);
    }
  }
});

/** `outcomes`: `-` failures, `+` answers, by turns of clients `a` to `d`, 100 ms apart; whether their share is enough. */
const shares: [outcomes: string, clients: number, enough: boolean, why: string][] = [
  ["-+", 4, true, "every second request fails"],
  ["-+++++++++", 4, false, "every tenth request fails"],
  ["-+", 2, true, "every second request of two clients fails"],
  ["-+", 1, false, "the requests of one client fail that no other server answers"],
];
for (const [outcomes, clients, enough, why] of shares) {
  test(`PassiveHealth.failed() is ${enough ? "" : "not "}enough for an ejection where ${why}`, () => {
    const health = new PassiveHealth({ ...RULES, failures: 1000 });
    let seen: EjectionCause | undefined;
    for (let i = 0; i < 120 && (seen ?? "alone") === "alone"; i++) {
      const client = Math.floor(i / outcomes.length) % clients;
      if (outcomes[i % outcomes.length] === "+") health.passed(by(client).client);
      else seen = health.failed({ now: i * 50, asked: by(client) });
    }
    assert.equal(seen, enough ? "share" : clients === 1 ? "alone" : undefined);
  });
}

test("PassiveHealth.failed() leaves out the one client that has most failures, however many it has", () => {
  const health = new PassiveHealth({ ...RULES, failures: 1000 });
  for (let i = 0; i < 2000; i++) {
    health.passed(by(i % 50).client);
    for (let n = 0; n < 4; n++) assert.equal(health.failed({ now: i, asked: by("200") }), undefined);
    if (i % 20 === 0) assert.equal(health.failed({ now: i, asked: by(i % 50) }), undefined);
  }
});

test("PassiveHealth.failed() knows no share below min_requests, beyond the window, or where it is 0", () => {
  for (
    const [rules, pause] of [[{ minRequests: 200 }, 1], [{ window: 100 }, 10], [
      { failureShare: 0 },
      1,
    ]] as const
  ) {
    const health = new PassiveHealth({ ...RULES, failures: 1000, ...rules });
    for (let i = 0; i < 100; i++) {
      health.passed(by(i).client);
      assert.equal(health.failed({ now: i * pause, asked: by(i) }), undefined);
    }
  }
});

test("PassiveHealth.eject() for a share lasts longer each time, until as many as make a share were answered", () => {
  const health = new PassiveHealth(RULES);
  assert.equal(health.eject(0, "share"), 10_000);
  health.readmit();
  for (let i = 0; i < 19; i++) health.passed(by(i).client);
  assert.equal(health.eject(0, "share"), 20_000);
  health.readmit();
  for (let i = 0; i < 20; i++) health.passed(by(i).client);
  assert.equal(health.eject(0, "share"), 10_000);
});

test("PassiveHealth goes on where the one of the config before is", () => {
  const rows = new PassiveHealth(RULES);
  failTimes(rows, 4);
  assert.equal(new PassiveHealth(RULES, rows).failed({ now: 0, asked: by(9) }), "row");
  const shares = new PassiveHealth(RULES);
  for (let i = 0; i < 19; i++) {
    if (i % 2 === 0) failTimes(shares, 1, i);
    else shares.passed(by(i).client);
    shares.passed(by(i).client);
  }
  shares.eject(0);
  const next = new PassiveHealth(RULES, shares);
  assert.deepEqual([next.isEjected(9000), next.eject(0)], [true, 20_000]);
});

test("PassiveHealth.failed() is true at the first failure where one is enough", () => {
  assert.equal(new PassiveHealth({ ...RULES, failures: 1 }).failed({ now: 0, asked: by(1) }), "row");
});

test("PassiveHealth.failed() is never true where ejection is off", () => {
  const health = new PassiveHealth({ ...RULES, enabled: false });
  for (let i = 0; i < 20; i++) {
    assert.equal(health.failed({ now: 0, refused: i % 2 === 0, asked: by(i) }), undefined);
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
  health.readmit();
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
  health.readmit();
  health.passed(by(1).client);
  assert.equal(health.eject(0), 10_000);
});

test("PassiveHealth.readmit() does not forget how often the server was out", () => {
  const health = new PassiveHealth(RULES);
  health.eject(0);
  health.readmit();
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
