import { many, span } from "./words.js";

/** The whole state in one sentence: how bad it is, and its words; those in the middle are the point of it. */
export function verdict({ backends, ready, minute }, now) {
  const servers = backends.flatMap((backend) =>
    backend.servers.map((server) => ({ ...server, backend: backend.name }))
  );
  const empty = backends.filter(({ servers, available }) => servers.length > 0 && available === 0);
  // Before the first round of probes nobody is left either, and that is no news.
  const lost = empty.some(({ critical, servers }) =>
    critical && servers.some(({ condition }) => condition !== "unprobed")
  );
  if (!ready && !lost) {
    return { tone: "warned", words: ["", "The proxy takes no new requests", ": it starts, or drains."] };
  }
  if (empty.length > 0) {
    const names = empty.map(({ name }) => name).join(", ");
    const [have, their] = empty.length === 1 ? ["has", "its"] : ["have", "their"];
    const more = ready ? "." : ", and the proxy is not ready.";
    return { tone: "bad", words: ["", `${names} ${have} no server left`, `: ${their} requests fail${more}`] };
  }
  const out = servers.filter((server) => ["down", "ejected", "unprobed"].includes(server.condition));
  if (out.length === 1) {
    const [{ backend, url, why, since }] = out;
    const long = since === null ? "" : ` for ${span(now - Date.parse(since))}`;
    return {
      tone: "bad",
      words: [
        "",
        `${url.replace(/^http:\/\//, "")} is out`,
        `${long} (${why}). The others of ${backend} carry on.`,
      ],
    };
  }
  if (out.length > 1) {
    return {
      tone: "bad",
      words: ["", `${out.length} of ${servers.length} servers are out`, ". The others carry on."],
    };
  }
  const aside = servers.filter((server) => ["drain", "maint"].includes(server.condition));
  const all = aside.length === 0
    ? `${servers.length === 1 ? "The server takes" : `All ${servers.length} servers take`} requests`
    : `${many(aside.length, "server")} set aside by the operator, the rest take requests`;
  const errors = minute.error_rate > 0.01 ? `; ${Math.round(minute.error_rate * 100)} % of them fail` : "";
  return { tone: errors === "" ? "" : "bad", words: [all, errors, "."] };
}
