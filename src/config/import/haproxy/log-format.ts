/** What our templates call a sample of HAProxy. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  src: "{client}",
  "hdr(host)": "{host}",
  "req.hdr(host)": "{host}",
  path: "{path}",
  query: "{query}",
  url: "{uri}",
  pathq: "{uri}",
  "capture.req.uri": "{uri}",
  method: "{method}",
  "unique-id": "{request_id}",
  "ssl_fc,iif(https,http)": "{scheme}",
};

const SHORT: Readonly<Record<string, string>> = {
  ci: "{client}",
  HU: "{uri}",
  HP: "{path}",
  HM: "{method}",
  ID: "{request_id}",
  HQ: "{query}",
};

/** A text with `%[…]` as one of our templates; undefined where it holds what those cannot say. */
export function fromLogFormat(text: string): string | undefined {
  if (/(?<!\$)\{[a-z_]+\}/.test(text) || /[^\x20-\x7e]/.test(text) || text.trim() !== text) return undefined;
  let known = true;
  const filled = text.replace(
    /%%|%\[((?:[^\]\\]|\\.)*)\]|%(\w+)/g,
    (found, sample?: string, short?: string) => {
      if (found === "%%") return "%";
      const name = sample === undefined
        ? SHORT[short ?? ""]
        : PLACEHOLDERS[sample.replace(/,(?:lower|field\(1,:\))/g, "").toLowerCase()];
      known &&= name !== undefined;
      return name ?? "";
    },
  );
  return known ? filled : undefined;
}
