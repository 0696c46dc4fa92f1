const YAML = `
frontends: [{ bind: ":8080", default_backend: app }]
backends: { app: { servers: ["http://127.0.0.1:5000"] } }
`;

/** What an example names and leaves out is put around it: a frontend, and backends. */
export function completed(example: string, language: string): string {
  if (language === "yaml" && !/^frontends:/m.test(example)) return example + YAML;
  return language === "toml" ? completedToml(example) : example;
}

function completedToml(example: string): string {
  const has = (section: string) => example.split("\n").some((line) => line.trim() === section);
  const named = [
    ...[...example.matchAll(/\b(?:default_)?backend = "([\w-]+)"/g)].map(([, name]) => name!),
    ...[...example.matchAll(/\bsplit = \{([^}]*)\}/g)].flatMap(([, list]) =>
      [...list!.matchAll(/([\w-]+) =/g)].map(([, name]) => name!)
    ),
  ];
  const frontend = has("[[frontends]]") ? "" : '[[frontends]]\nbind = ":8080"\ndefault_backend = "app"\n';
  if (frontend !== "") named.push("app");
  const missing = [...new Set(named)].filter((name) => !has(`[backends.${name}]`));
  const backends = missing.map((name) => `\n[backends.${name}]\nservers = ["http://127.0.0.1:5000"]\n`);
  // Keys at the top of an example are of the top; tables of a frontend need one before them.
  const [, top, tables] = /^((?:(?!\[).*\n)*)([^]*)$/.exec(example)!;
  return `${top}${frontend}${tables}${backends.join("")}`;
}
