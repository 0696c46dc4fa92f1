import { configSchema } from "../../src/config/schema.ts";
import { STAGE_KEYS } from "../../src/config/sections/stages.ts";
import { declarationOf } from "./comments.ts";
import { toJsonSchema } from "./json-schema.ts";
import { toMarkdown } from "./markdown.ts";
import { modelOf, type Value } from "./model.ts";

/** The config as its sections describe it. */
export const configModel: Value = modelOf(configSchema, declarationOf("schema.ts", "configSchema"));

/** The schema, as it is shipped. */
export const configJsonSchema = toJsonSchema(configModel);

/** Texts of the files in docs/ that are made of the sections. */
export const REFERENCE_FILES: Readonly<Record<string, string>> = {
  "sluice.schema.json": JSON.stringify(configJsonSchema, undefined, 2) + "\n",
  "configuration.md": toMarkdown(configModel, STAGE_KEYS),
};
