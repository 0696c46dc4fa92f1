import type { SourceDocument } from "./source.ts";
import { asTable } from "./tables.ts";

/**
 * Takes the key `$schema` out of the data, in place: it tells editors where our schema is, and nothing to us. One that is no
 * text stays, and is refused as an unknown key.
 */
export function dropSchemaKey({ data }: SourceDocument): void {
  const table = asTable(data);
  if (typeof table["$schema"] === "string") delete table["$schema"];
}
