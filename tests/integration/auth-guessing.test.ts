// What one client that guesses passwords at a reverse frontend costs the others.
import assert from "node:assert/strict";
import { connect } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { cheapHash } from "../support/password-hash.ts";
import { RawClient } from "../support/raw-client.ts";
import { get, ok, openScene } from "./scene.ts";

const skip = process.platform === "linux" ? false : "NOT TESTED: ONLY LINUX HAS ALL OF 127.0.0.0/8";
const basic = (user: string, password: string) => `Authorization: Basic ${btoa(`${user}:${password}`)}`;

test("auth serves users while one address guesses on 80 connections, on two routes", { skip }, async (t) => {
  const names = Array.from({ length: 10 }, (_, i) => `user${i}`);
  const hash = cheapHash("sesame");
  const users = Object.fromEntries(names.map((name) => [name, hash]));
  const { client, proxy } = await openScene(t, {
    answer: ok("in"),
    frontend: {
      auth: { basic: { users } },
      routes: [{ path_prefix: "/other", backend: "app", auth: { basic: { users } } }],
    },
  });
  let guesses = 0;
  const guess = (guesser: RawClient) =>
    guesser.send(get(guesses % 2 === 0 ? "/" : "/other", basic("user0", `guess${guesses++}`)));
  for (let i = 0; i < 80; i++) {
    const guesser = await client();
    guesser.socket.on("data", () => guess(guesser));
    guess(guesser);
  }
  await eventually(
    "guesses that are refused unseen",
    () => proxy.accesses.some(({ reason }) => reason === "queue_full"),
  );
  const statuses = await Promise.all(names.map(async (name, i) => {
    const localAddress = `127.0.1.${i + 1}`;
    const one = new RawClient(connect({ host: "127.0.0.1", port: proxy.port, localAddress }));
    one.send(get("/", basic(name, "sesame"), "Connection: close"));
    return (await one.untilClosed(20_000)).split(" ")[1];
  }));
  assert.deepEqual(statuses, names.map(() => "200"));
  const { length: checked } = proxy.accesses.filter(({ reason }) => reason === "unauthorized");
  assert.ok(checked < 20, `${checked} guesses were checked`);
});

test("what is known of passwords holds through a reload, and no longer than its user", async (t) => {
  const users = { ada: cheapHash("sesame") };
  const { client, proxy } = await openScene(t, {
    answer: ok("in"),
    frontend: { auth: { basic: { users } } },
  });
  const verdicts: string[] = [];
  const ask = async () => {
    const c = await client();
    c.send(get("/", basic("ada", "sesame"), "Connection: close"));
    verdicts.push((await c.untilClosed()).split(" ")[1]!);
  };
  const reload = (auth: unknown) => {
    const { config } = proxy.running.snapshot;
    const [frontend] = config.frontends;
    return proxy.running.reload({ ...config, frontends: [{ ...frontend!, auth: auth as never }] });
  };
  await ask();
  const { auth } = proxy.running.snapshot.config.frontends[0]!;
  await reload({ ...auth, keepsCredentials: false });
  await ask();
  await reload({
    basic: { ...auth!.basic, users: { bob: auth!.basic!.users["ada"] } },
    keepsCredentials: true,
  });
  await ask();
  assert.deepEqual(verdicts, ["200", "200", "401"]);
  assert.match(
    proxy.running.metricsPage(),
    /sluice_relay_passwords_total\{frontend="web",result="remembered"\} 1\n/,
  );
});
