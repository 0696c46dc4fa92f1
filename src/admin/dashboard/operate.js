/** What the operator says of a server: asked for, done, and taken back. */
import { ask } from "./access.js";
import { byId, say } from "./elements.js";
import { many, serverName } from "./words.js";

const UNDO_MS = 12_000;
let hiding;

/**
 * Asks whether `change` is meant, and does it. `change` has a `state` or a `weight`; `others` is how many other servers of
 * the backend take requests.
 */
export async function operate({ backend, server, others }, change) {
  const name = serverName(server.url);
  const isWeight = change.weight !== undefined;
  say(byId("ask-title"), isWeight ? `Weight of ${name}` : TITLES[change.state](name));
  say(byId("ask-text"), isWeight ? WEIGHT_TEXT : TEXTS[change.state](server, backend, others));
  say(byId("ask-go"), isWeight ? "Set weight" : GOES[change.state]);
  byId("ask-weight-field").hidden = !isWeight;
  byId("ask-weight").value = server.weight;
  byId("ask-ttl").value = "";
  byId("ask-ttl").parentElement.hidden = change.state === "ready";
  const dialog = byId("ask");
  dialog.returnValue = "cancel";
  dialog.showModal();
  byId(isWeight ? "ask-weight" : "ask-go").focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "go") return;
  const wanted = isWeight ? { weight: Number(byId("ask-weight").value) } : { state: change.state };
  const ttl = byId("ask-ttl").value;
  if (ttl !== "" && change.state !== "ready") wanted.ttl = ttl;
  const before = isWeight ? { weight: server.weight } : { state: server.state };
  if (await put(backend, server, wanted)) {
    const done = isWeight ? `${name} has the weight ${wanted.weight}` : DONE[change.state](name);
    toast(done, () => put(backend, server, before));
  }
}

const TITLES = {
  ready: (name) => `Open ${name}?`,
  drain: (name) => `Drain ${name}?`,
  maint: (name) => `Take ${name} into maintenance?`,
};
const TEXTS = {
  ready: () => "It gets requests again as soon as probes and requests say that it is well.",
  drain: (server, backend, others) =>
    `It gets no new requests${underWay(server)}. ${whoTakesOver(backend, others)}`,
  maint: (server, backend, others) =>
    `It gets no new requests and no probes${underWay(server)}. ${whoTakesOver(backend, others)}`,
};
function underWay({ in_flight }) {
  return in_flight === 0 ? "" : `; ${many(in_flight, "request")} under way will finish`;
}

function whoTakesOver(backend, others) {
  if (others === 0) return `No other server of ${backend} takes requests now: they will fail.`;
  return others === 1
    ? `The other server of ${backend} takes over.`
    : `The ${others} other servers of ${backend} take over.`;
}

const WEIGHT_TEXT = "Its share of the requests in relation to the other servers. 0 takes it out.";
const GOES = { ready: "Open the gate", drain: "Drain", maint: "Into maintenance" };
const DONE = {
  ready: (name) => `${name} is ready`,
  drain: (name) => `${name} is being drained`,
  maint: (name) => `${name} is in maintenance`,
};

/** Says it to the proxy; returns whether it was done. What went wrong is said on the page. */
async function put(backend, server, wanted) {
  const path = `api/backends/${encodeURIComponent(backend)}/servers/${encodeURIComponent(server.url)}`;
  try {
    const response = await ask(path, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wanted),
    });
    if (response.ok) return true;
    const { error } = await response.json().catch(() => ({}));
    toast(`That was refused: ${error ?? `status ${response.status}`}`);
  } catch {
    toast("That did not reach the proxy");
  }
  return false;
}

/** Says what was done, for a while, with a way back where there is one. */
function toast(text, undo) {
  clearTimeout(hiding);
  const box = byId("toast");
  const button = byId("toast-undo");
  say(byId("toast-text"), text);
  button.hidden = undo === undefined;
  button.onclick = async () => {
    box.hidden = true;
    if (await undo()) toast("Taken back");
  };
  box.hidden = false;
  hiding = setTimeout(() => (box.hidden = true), UNDO_MS);
}
