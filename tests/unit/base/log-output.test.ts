import assert from "node:assert/strict";
import { test } from "node:test";
import { LogOutput } from "../../../src/base/log-output.ts";

/** An output of which `room` says how many bytes of each write are written, at once or when `settle` is called. */
function open(room: number[], late = false) {
  const waiting: (() => void)[] = [];
  const scene = {
    text: "",
    settle: () => waiting.splice(0).forEach((done) => done()),
    say(line: string) {
      output.add(line);
      output.flush();
    },
  };
  const output = new LogOutput((bytes, done) => {
    const written = Math.min(room.shift() ?? Infinity, bytes.length);
    scene.text += new TextDecoder().decode(bytes.subarray(0, written));
    if (late) waiting.push(() => done(written));
    else done(written);
  }, (lines) => `lost ${lines}\n`);
  return Object.assign(scene, { lost: () => output.lost });
}

for (const late of [false, true]) {
  const when = late ? "later" : "at once";
  test(`LogOutput tells how many lines were lost, in front of the next that is written, where it learns it ${when}`, () => {
    const scene = open([Infinity, 0, 0], late);
    for (const line of ["one\n", "two\n", "three\nfour\n", "five\n", "six\n"]) {
      scene.say(line);
      scene.settle();
    }
    assert.equal(scene.text, "one\nlost 3\nfive\nsix\n");
  });
}

test("LogOutput counts the lines behind the last whole one", () => {
  const scene = open(["one\nt".length]);
  scene.say("one\ntwo\nthree\n");
  scene.say("four\n");
  assert.equal(scene.text, "one\ntlost 2\nfour\n");
});

test("LogOutput tells of lost lines again where what told of them was lost as well", () => {
  const scene = open([0, 0]);
  for (const line of ["one\n", "two\n", "three\n"]) scene.say(line);
  assert.equal(scene.text, "lost 2\nthree\n");
  assert.equal(scene.lost(), 2);
});

test("LogOutput tells of lost lines once where only what followed was lost", () => {
  const scene = open([0, "lost 1\n".length]);
  for (const line of ["one\n", "two\n", "three\n"]) scene.say(line);
  assert.equal(scene.text, "lost 1\nlost 1\nthree\n");
  assert.equal(scene.lost(), 2);
});

test("LogOutput counts what is lost while another write is under way", () => {
  const scene = open([0, Infinity, Infinity], true);
  scene.say("one\n");
  scene.say("two\n");
  scene.settle();
  scene.say("three\n");
  assert.equal(scene.text, "two\nlost 1\nthree\n");
});
