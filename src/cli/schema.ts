import { print } from "../net/stdout.ts";

/** Prints the JSON Schema of the config, which the tests make of the sections. It is read only here: nobody else needs it. */
export async function printSchema(): Promise<void> {
  const { default: schema } = await import("../../docs/sluice.schema.json", { with: { type: "json" } });
  await print(JSON.stringify(schema, undefined, 2) + "\n");
}
