// What one client that guesses passwords costs the others.
import assert from "node:assert/strict";
import { connect } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { cheapHash } from "../support/password-hash.ts";
import { RawClient } from "../support/raw-client.ts";
import { ok } from "./scene.ts";
import { absolute, credentials, lone, openRelay, statusOf } from "./relay-scene.ts";

const skip = process.platform === "linux" ? false : "NOT TESTED: ONLY LINUX HAS ALL OF 127.0.0.0/8";

test("Access.checkUser() serves users while one address guesses on 80 connections", { skip }, async (t) => {
  const names = Array.from({ length: 20 }, (_, i) => `user${i}`);
  const hash = cheapHash("secret");
  const { client, proxy, place } = await openRelay(t, {
    answer: ok("in"),
    relay: { users: Object.fromEntries(names.map((name) => [name, hash])) },
  });
  let guesses = 0;
  const guess = (guesser: RawClient) =>
    guesser.send(absolute(`http://${place}/`, [credentials("user0", `guess${guesses++}`)]));
  for (let i = 0; i < 80; i++) {
    const guesser = await client();
    guesser.socket.on("data", () => guess(guesser));
    guess(guesser);
  }
  await eventually(
    "guesses to be refused unseen",
    () => proxy.accesses.some(({ reason }) => reason === "queue_full"),
  );
  const answers = await Promise.all(names.map((name, i) => askFrom(`127.0.1.${i + 1}`, proxy.port, name)));
  assert.deepEqual(answers.map(statusOf), names.map(() => 200));
  const { length: checked } = proxy.accesses.filter(({ reason }) => reason === "authentication_required");
  assert.ok(checked < 20, `${checked} guesses were checked`);
  const page = proxy.running.metricsPage();
  const count = (result: string) =>
    Number(
      new RegExp(`\nsluice_relay_passwords_total\\{frontend="web",result="${result}"\\} (\\d+)\n`).exec(page)
        ?.[1],
    );
  assert.equal(count("right"), 20);
  assert.equal(count("wrong"), checked);
  assert.ok(count("busy") > 80);

  /** Asks for the target as `user`, from an address of this machine. */
  async function askFrom(localAddress: string, port: number, user: string): Promise<string> {
    const one = new RawClient(connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true }));
    one.send(lone(`http://${place}/`, credentials(user, "secret")));
    return await one.untilClosed(20_000);
  }
});
