import { Ajv2020 } from "ajv/dist/2020.js";
import { configJsonSchema } from "./reference.ts";

const ajv = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
});
ajv.addFormat("regex", (text: string) => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
});

const validate = ajv.compile(configJsonSchema);

/** What a validator of JSON Schema has against `data`. */
export function schemaProblems(data: unknown): readonly string[] {
  if (validate(JSON.parse(JSON.stringify(data ?? null)))) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
