import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "../../../src/backend/server.ts";
import { isOut, Scene } from "./availability-scene.ts";

test("Availability takes out a server whose requests failed five times in a row", (t) => {
  const scene = new Scene(t, 4);
  scene.fail(0, 4);
  assert.deepEqual(scene.available, [0, 1, 2, 3]);
  scene.fail(0, 1);
  assert.deepEqual(scene.available, [1, 2, 3]);
  assert.deepEqual(scene.log, ["warn server_ejected s0 upstream_reset 10000"]);
});

test("Availability counts an answer against failures in a row", (t) => {
  const scene = new Scene(t, 2);
  scene.fail(0, 4);
  for (let n = 0; n < 30; n++) scene.pass(0); // too many for a share
  scene.fail(0, 4);
  assert.deepEqual(scene.available, [0, 1]);
});

test("Availability ejects for a refused connection at once", (t) => {
  const scene = new Scene(t, 2);
  scene.fail(0, 1, "connect_refused");
  assert.deepEqual(scene.available, [1]);
});

test("Availability names the status where answers ejected a server", (t) => {
  const scene = new Scene(t, 2);
  scene.fail(0, 5, 503);
  assert.deepEqual(scene.log, ["warn server_ejected s0 503 10000"]);
});

const halves: [servers: number, out: number][] = [[1, 0], [2, 1], [3, 1], [4, 2], [5, 2], [10, 5]];
for (const [servers, out] of halves) {
  test(`Availability ejects ${out} of ${servers} servers at most`, (t) => {
    const scene = new Scene(t, servers);
    for (let i = 0; i < servers; i++) scene.fail(i, 1, "connect_refused");
    assert.equal(scene.available.length, servers - out);
    for (let i = 0; i < servers; i++) scene.fail(i, 20);
    assert.equal(scene.available.length, servers - out);
  });
}

test("Availability never ejects the last one, when probes took the others out", (t) => {
  const scene = new Scene(t, 3, { probed: true });
  scene.probe(0, false, false, true);
  scene.probe(1, false, false, true);
  scene.fail(2, 20, "connect_refused");
  assert.deepEqual(scene.available, [2]);
});

test("Availability believes probes to the last server", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.probe(0, false, false, true);
  scene.probe(1, false, false, true);
  assert.deepEqual(scene.available, []);
});

test("Availability does not count servers without weight, or that an operator took out, as the others", (t) => {
  const scene = new Scene(t, 4, {}, [0]);
  scene.operate(1, "drain");
  scene.operate(2, "maint");
  scene.fail(3, 20, "connect_refused");
  assert.deepEqual(scene.available, [3]);
});

test("Availability lets a server back in when its time is over", (t) => {
  const scene = new Scene(t, 2);
  scene.fail(0, 5);
  scene.advance(9990);
  assert.deepEqual(scene.available, [1]);
  scene.advance(20);
  assert.deepEqual(scene.available, [0, 1]);
  assert.deepEqual(scene.log.slice(1), ["info server_readmitted s0 its time is over"]);
});

test("Availability lets a server back in whose timer fires a fraction of a millisecond early", (t) => {
  const scene = new Scene(t, 2);
  scene.fail(0, 5);
  scene.advance(10_000, 0.5); // timers count whole milliseconds
  scene.advance(60_000);
  assert.deepEqual(scene.available, [0, 1]);
});

test("Availability lets each of two servers back in at its own time", (t) => {
  const scene = new Scene(t, 4);
  scene.fail(0, 5);
  scene.advance(3000);
  scene.fail(1, 5);
  scene.advance(7001);
  assert.deepEqual(scene.available, [0, 2, 3]);
  scene.advance(3000);
  assert.deepEqual(scene.available, [0, 1, 2, 3]);
});

test("Availability ejects for n times the time the n-th time, up to the maximum", (t) => {
  const scene = new Scene(t, 2);
  const times = [10_000, 20_000, 30_000, 35_000, 35_000];
  for (const ms of times) {
    scene.fail(0, 5);
    scene.advance(ms - 10);
    assert.deepEqual(scene.available, [1]);
    scene.advance(20);
    assert.deepEqual(scene.available, [0, 1]);
  }
  assert.deepEqual(
    scene.log.filter((line) => line.includes("server_ejected")),
    times.map((ms) => `warn server_ejected s0 upstream_reset ${ms}`),
  );
});

test("Availability ends an ejection when as many probes in a row passed as are asked for", (t) => {
  const scene = new Scene(t, 2, { probed: true, readmitAfter: 2 });
  scene.fail(0, 5);
  scene.probe(0, true);
  scene.probe(0, false);
  scene.probe(0, true);
  assert.deepEqual(scene.available, [1]);
  scene.probe(0, true);
  assert.deepEqual(scene.available, [0, 1]);
  assert.deepEqual(scene.log.slice(1), ["info server_readmitted s0 probes passed"]);
  scene.advance(60_000);
  assert.equal(scene.log.length, 2);
});

test("Availability lets no passed probes end an ejection unless it is asked to", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.fail(0, 5);
  for (let i = 0; i < 9; i++) scene.probe(0, true);
  assert.deepEqual(scene.available, [1]);
  scene.advance(10_001);
  assert.deepEqual(scene.available, [0, 1]);
});

test("Availability ejects a server of whose requests too many fail, however they are mixed", (t) => {
  const scene = new Scene(t, 3);
  for (let n = 0; n < 40; n++) {
    for (const i of [1, 2]) scene.pass(i, `10.0.2.${n}`);
    if (n % 2 === 0) scene.fail(0, 1, 500, `10.0.3.${n}`);
    else scene.pass(0, `10.0.3.${n}`);
  }
  assert.deepEqual(scene.available, [1, 2]);
  assert.match(scene.log[0]!, /^warn server_ejected s0 500 10000$/);
});

test("Availability ejects nobody for a share of failures that all servers have", (t) => {
  const scene = new Scene(t, 3);
  for (let n = 0; n < 200; n++) {
    for (const i of [0, 1, 2]) {
      if (n % 2 === 0) scene.fail(i, 1, 500, `10.0.3.${n % 40}`);
      else scene.pass(i, `10.0.3.${n % 40}`);
    }
  }
  assert.deepEqual(scene.available, [0, 1, 2]);
});

test("Availability ejects nobody for one client whose requests fail wherever they go", (t) => {
  const scene = new Scene(t, 2);
  for (let n = 0; n < 400; n++) {
    scene.clock.now += 10;
    scene.fail(n % 2, 1, 500, "192.0.2.1");
  }
  assert.deepEqual(scene.available, [0, 1]);
});

test("Availability ejects nobody for one client that others are beside, whatever it is answered elsewhere", (t) => {
  const scene = new Scene(t, 2);
  for (let n = 0; n < 400; n++) {
    scene.clock.now += 10;
    scene.fail(0, 1, 500, "192.0.2.1");
    scene.prove(0, "192.0.2.1");
    scene.pass(1, "192.0.2.1");
    if (n % 20 === 0) scene.pass(0, "198.51.100.7");
  }
  assert.deepEqual(scene.available, [0, 1]);
});

for (const share of [1, 0.5]) {
  test(`Availability ejects a server that fails ${share} of what the only client asks, if another answers the same`, (t) => {
    const scene = new Scene(t, 2);
    for (let n = 0; n < 100; n++) {
      scene.clock.now += 15;
      if (n % (1 / share) === 0) {
        scene.fail(0, 1, 500, "192.0.2.1");
        assert.deepEqual(scene.available, [0, 1].slice(scene.log.length));
        scene.prove(0, "192.0.2.1");
      } else scene.pass(0, "192.0.2.1");
      scene.pass(1, "192.0.2.1");
    }
    assert.deepEqual(scene.available, [1]);
  });
}

test("Availability lets an ejected server that is asked and answers take the place of the last one", (t) => {
  const scene = new Scene(t, 2);
  scene.fail(0, 5);
  scene.fail(1, 5);
  assert.deepEqual(scene.available, [1]);
  const [first, second] = scene.servers as [Server, Server];
  assert.equal(scene.availability.lastResort(new Set([second])), first);
  assert.equal(scene.availability.lastResort(new Set([first, second])), undefined);
  scene.fail(0, 1);
  scene.fail(1, 5);
  assert.deepEqual(scene.available, [1]);
  scene.pass(0);
  assert.deepEqual(scene.available, [1]);
  scene.fail(1, 1);
  assert.deepEqual(scene.available, [0]);
  assert.deepEqual(scene.log.slice(1), [
    "info server_readmitted s0 it answers again",
    "warn server_ejected s1 upstream_reset 10000",
  ]);
});

test("Availability ignores ejections where probes took all others out", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.fail(0, 5);
  scene.probe(1, false, false, true);
  assert.deepEqual(scene.available, [0]);
  scene.probe(1, true, true, true);
  assert.deepEqual(scene.available, [1]);
});

test("Availability marks a server down that refused a connection, where probes will find it up again", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.fail(0, 1, "connect_refused");
  assert.deepEqual(scene.servers[0]!.health, { up: false, streak: 0, known: true });
  assert.deepEqual(scene.log, ["warn server_down s0 connect_refused"]);
  scene.advance(600_000);
  assert.deepEqual(scene.available, [1]);
  scene.probe(0, true, true, true);
  assert.deepEqual(scene.available, [0, 1]);
});

test("Availability counts nothing against a server that is back from what failed before it went down", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.fail(0, 4);
  scene.fail(0, 1, "connect_refused");
  scene.probe(0, true, true, true);
  scene.fail(0, 4);
  assert.deepEqual(scene.available, [0, 1]);
  scene.fail(0, 1);
  assert.deepEqual(scene.available, [1]);
});

test("Availability ejects a server that answered well since it came back for no longer than the first time", (t) => {
  const scene = new Scene(t, 2);
  for (let i = 0; i < 3; i++) {
    scene.fail(0, 5);
    scene.advance(10_010);
    assert.deepEqual(scene.available, [0, 1]);
    scene.pass(0);
  }
});

test("Availability looks once when the first of two ejections is over", (t) => {
  const scene = new Scene(t, 4);
  scene.fail(0, 5);
  scene.advance(3000);
  scene.fail(1, 5);
  const before = scene.changes;
  scene.advance(7001);
  assert.equal(scene.changes, before + 1);
});

test("Availability says once that a server is down, when many requests are refused at the same time", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.fail(0, 10, "connect_refused");
  assert.equal(scene.log.length, 1);
});

test("Availability logs a turn that probes brought about with what they saw, and no other result", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  scene.probe(0, false, true);
  scene.probe(0, false, false, true);
  scene.probe(0, true, false);
  scene.probe(0, true, true, true);
  assert.deepEqual(scene.log, ["warn server_down s0 L7STS 500", "info server_up s0 L7OK 200"]);
});

test("Availability ignores health below panic_threshold", (t) => {
  const scene = new Scene(t, 4, { probed: true, panicThreshold: 0.5 });
  for (const i of [0, 1]) scene.probe(i, false, false, true);
  assert.deepEqual(scene.available, [2, 3]);
  scene.probe(2, false, false, true);
  assert.deepEqual(scene.available, [0, 1, 2, 3]);
  scene.probe(0, true, true, true);
  assert.deepEqual(scene.available, [0, 3]);
});

test("Availability gives requests to no server in drain or maint or without weight, not even in panic", (t) => {
  const scene = new Scene(t, 5, { probed: true, panicThreshold: 1 }, [0]);
  scene.operate(1, "drain");
  scene.operate(2, "maint");
  for (const i of [0, 1, 2, 3, 4]) scene.probe(i, false, false, true);
  assert.deepEqual(scene.available, [3, 4]);
});

test("Availability neither logs nor forgets anything about a server that is down, when requests fail in panic", (t) => {
  const scene = new Scene(t, 2, { probed: true, panicThreshold: 0.8 });
  for (const i of [0, 1]) scene.probe(i, false, false, true);
  const lines = scene.log.length;
  scene.servers[0]!.observe({ code: "L7OK", ms: 1, at: 0 }, { rise: 2, fall: 2 }); // on its way back
  scene.fail(0, 10, "connect_refused");
  assert.deepEqual(scene.servers[0]!.health, { up: false, streak: 1, known: true });
  assert.equal(scene.log.length, lines);
});

test("Availability does not eject a server anew that is out already, when requests fail in panic", (t) => {
  const scene = new Scene(t, 2, { panicThreshold: 0.8 });
  scene.fail(0, 5);
  assert.deepEqual(scene.available, [0, 1]);
  scene.fail(0, 50);
  assert.equal(scene.log.length, 1);
});

for (const state of ["drain", "maint"] as const) {
  test(`Availability gives a server in ${state} no requests until it is ready`, (t) => {
    const scene = new Scene(t, 2);
    scene.operate(0, state);
    assert.deepEqual(scene.available, [1]);
    scene.operate(0, "ready");
    assert.deepEqual(scene.available, [0, 1]);
  });
}

test("Availability brings a server that came back up to its weight in steps", (t) => {
  const scene = new Scene(t, 2, { slowStartMs: 10_000 });
  scene.fail(0, 5);
  scene.advance(10_001);
  const weights = [scene.servers[0]!.weight];
  for (let i = 0; i < 11; i++) {
    scene.advance(1000);
    weights.push(scene.servers[0]!.weight);
  }
  assert.equal(weights[0], 1); // 0.1 of 10
  for (const [i, weight] of weights.entries()) {
    assert.ok(Math.abs(weight - Math.min(10, Math.max(1, i))) <= 1.1);
    if (i > 0) assert.ok(weight >= weights[i - 1]!);
  }
  assert.equal(weights.at(-1), 10);
  assert.equal(scene.servers[1]!.weight, 10);
  const changes = scene.changes;
  scene.advance(60_000);
  assert.equal(scene.changes, changes);
});

test("Availability gives a server its whole weight at once at the start, where it never was out", (t) => {
  const scene = new Scene(t, 2, { probed: true, slowStartMs: 10_000 });
  scene.probe(0, true, true, true);
  scene.probe(1, false, false, true);
  scene.probe(1, true, true, true);
  assert.deepEqual(scene.servers.map(({ weight }) => weight), [10, 1]);
});

for (const probed of [false, true]) {
  test(`Availability brings a server that joins others up slowly${probed ? ", from its first pass" : ""}`, (t) => {
    const scene = new Scene(t, 3, { probed, slowStartMs: 10_000 });
    const [first, second, joined] = scene.servers as [Server, Server, Server];
    scene.availability.update([first, second]);
    for (const i of probed ? [0, 1] : []) scene.probe(i, true, true, true);
    scene.availability.update(scene.servers, [joined]);
    scene.availability.settle();
    if (probed) {
      assert.deepEqual(scene.available, [0, 1]);
      scene.advance(5000);
      scene.probe(2, true, true, true);
    }
    assert.deepEqual(scene.servers.map(({ weight }) => weight), [10, 10, 1]);
    scene.advance(10_001);
    assert.deepEqual(scene.servers.map(({ weight }) => weight), [10, 10, 10]);
  });
}

test("Availability lets servers that join be asked before their first probe where no other is up", (t) => {
  const scene = new Scene(t, 2, { probed: true });
  const [before, joined] = scene.servers as [Server, Server];
  scene.availability.update([before]);
  scene.probe(0, false, false, true);
  scene.availability.update(scene.servers, [joined]);
  scene.availability.settle();
  assert.deepEqual(scene.available, [1]);
});

test("Availability frees its timer, and sets none when requests end later", (t) => {
  const scene = new Scene(t, 4, { slowStartMs: 10_000 });
  scene.fail(0, 5);
  scene.availability.dispose();
  scene.advance(60_000);
  assert.equal(scene.log.length, 1);
  scene.fail(1, 5);
  scene.advance(600_000);
  assert.ok(!scene.log.some((line) => line.includes("server_readmitted")));
});

test("Availability keeps its promises through any order of events", (t) => {
  for (let seed = 1; seed <= 40; seed++) {
    const count = 1 + seed % 7;
    const scene = new Scene(t, count, { probed: seed % 2 === 0 });
    let state = seed;
    const draw = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let step = 0; step < 300; step++) {
      const i = draw(count);
      const reason = draw(2) === 0 ? "connect_refused" : "response_timeout";
      if (draw(3) > 0) scene.fail(i, 1 + draw(6), reason);
      else if (draw(2) === 0) scene.pass(i);
      else scene.advance(draw(8000));
      if (scene.out() > Math.floor(count / 2)) {
        assert.fail(`${scene.out()} of ${count} are out (seed ${seed})`);
      }
      const expected = scene.servers.flatMap((server, n) => isOut(server, scene.clock.now) ? [] : [n]);
      assert.deepEqual(scene.available, expected);
    }
    scene.end();
  }
});
