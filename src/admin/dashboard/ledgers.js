/** What is not a lane: figures, errors, routes, the config, the foot of the page. */
import { byId, keep, make, say } from "./elements.js";
import { bytes, count, latency, many, percent, rate, serverName, span } from "./words.js";

const MOST_ERRORS = 30;
const MOST_ROUTES = 50;
/** Share of errors from which on it stands out. */
const BAD_SHARE = 0.01;

/** The figures of the whole proxy. */
export function showFigures({ minute, in_flight, connections }) {
  const figures = [
    ["requests/s", [rate(minute.per_second), ""]],
    [
      "errors",
      [minute.requests === 0 ? "–" : percent(minute.error_rate).replace(" %", ""), "%"],
      minute.error_rate >= BAD_SHARE,
    ],
    ["p50", latency(minute.p50_ms)],
    ["p99", latency(minute.p99_ms)],
    ["in flight", [count(in_flight), ""]],
    ["clients", [count(connections), ""]],
  ];
  keep(byId("figures"), figures, {
    key: ([name]) => name,
    create: ([name]) => make("div", {}, make("dt", {}, name), make("dd", {}, make("span"), make("small"))),
    update: (element, [, [number, unit], isBad]) => {
      const [value, small] = element.lastChild.children;
      say(value, number);
      say(small, number === "–" ? "" : unit);
      element.classList.toggle("bad", isBad === true);
    },
  });
}

/** Errors as the proxy remembers them, the newest first. */
export function showErrors(errors, now) {
  byId("no-errors").hidden = errors.length > 0;
  byId("errors").closest(".scroll").hidden = errors.length === 0;
  keep(byId("errors"), errors.slice(0, MOST_ERRORS), {
    key: (error) => `${error.at} ${error.request_id}`,
    create: (error) =>
      make(
        "tr",
        {},
        make("td", { class: "when" }),
        make("td", {}, String(error.status || "–")),
        make("td", { title: error.detail ?? "" }, error.reason === "ok" ? "answered so" : error.reason),
        make(
          "td",
          { class: "request", title: error.path },
          `${error.method} ${error.host ?? ""}${error.path}`,
        ),
        make("td", {}, error.server ? serverName(error.server) : error.backend ?? "–"),
        make("td", {}, make("code", {}, error.request_id)),
      ),
    update: (element, error) => say(element.firstChild, `${span(now - Date.parse(error.at))} ago`),
  });
}

/** The routes of all frontends that had requests, the busiest first. */
export function showRoutes({ frontends }) {
  const routes = frontends.flatMap((frontend) =>
    frontend.routes.map((route) => ({ ...route, frontend: frontend.name }))
  )
    .sort((a, b) => b.five_minutes.requests - a.five_minutes.requests);
  byId("no-routes").hidden = routes.length > 0;
  byId("routes").closest(".scroll").hidden = routes.length === 0;
  keep(byId("routes"), routes.slice(0, MOST_ROUTES), {
    key: ({ frontend, name }) => `${frontend} ${name}`,
    create: ({ frontend, name }) =>
      make(
        "tr",
        {},
        make("td", {}, make("code", {}, name === "default" ? `${frontend}, all else` : name)),
        ...Array.from({ length: 6 }, (_, i) => make("td", i === 0 ? {} : { class: "number" })),
      ),
    update: (element, { leads_to, minute, bytes_out }) => {
      const texts = [
        leads_to,
        rate(minute.per_second),
        minute.requests === 0 ? "–" : percent(minute.error_rate),
        latency(minute.p50_ms).join(" ").trim(),
        latency(minute.p99_ms).join(" ").trim(),
        bytes(bytes_out),
      ];
      texts.forEach((text, i) => say(element.children[i + 1], text));
      element.children[3].classList.toggle("bad", minute.error_rate >= BAD_SHARE);
    },
  });
}

/** What became of the config. */
export function showConfig({ reloads, started_at }, now) {
  const { last, done, failed } = reloads;
  const box = byId("config");
  const counts = failed === 0 ? "" : ` ${many(failed, "time")} a new one was refused.`;
  const text = last === null
    ? `As it was at the start, ${span(now - Date.parse(started_at))} ago.`
    : last.result === "done"
    ? `Last reloaded ${span(now - Date.parse(last.at))} ago; ${
      many(done, "reload")
    } since the start.${counts}`
    : `The new config was refused ${span(now - Date.parse(last.at))} ago; the one before runs on.`;
  box.className = "config";
  if (box.firstChild === null) box.append(make("p"), make("pre", { hidden: true }));
  say(box.firstChild, text);
  const cause = last?.result === "refused" ? last.cause : null;
  box.lastChild.hidden = cause === null;
  say(box.lastChild, cause ?? "");
}

/** What runs, for how long, and where. */
export function showFoot({ version, runtime, uptime_seconds, listeners, frontends }) {
  const texts = [
    `sluice ${version} on ${runtime}`,
    `up ${span(uptime_seconds * 1000)}`,
    `listens on ${listeners.join(", ")}`,
    frontends.map(({ name }) => name).join(", "),
  ];
  keep(byId("foot"), texts.map((text, i) => [i, text]), {
    key: ([i]) => i,
    create: () => make("span"),
    update: (element, [, text]) => say(element, text),
  });
}
