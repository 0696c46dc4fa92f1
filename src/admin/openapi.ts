import { z } from "zod";
import type { AdminRoute } from "./route.ts";

const refusalSchema = z.object({
  error: z.string(),
  accepted: z.array(z.string()).optional(),
  problems: z.array(z.string()).optional(),
});

/** Answers that every route may give besides its own. */
const OF_GUARD = {
  401: "The token is missing or another.",
  403: "Asked under a foreign name, or by a foreign page.",
};
const OF_INPUT = { 400: "What was sent is not accepted." };
const OF_BODY = { 413: "The body has more than 64 KiB.", 415: "The body is no JSON." };

/** The description of `routes` in OpenAPI 3.1, from the schemas that check what is sent. */
export function describeRoutes(routes: readonly AdminRoute[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = describe(route);
  return {
    openapi: "3.1.1",
    info: { title: "Sluice admin API", version },
    paths,
    components: {
      schemas: { Refusal: schemaOf(refusalSchema, "output") },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic", description: "The token is the password; any user." },
      },
    },
    security: [{}, { bearer: [] }, { basic: [] }],
  };
}

function describe(route: AdminRoute): Record<string, unknown> {
  const body = route.method === "GET" ? undefined : route.body;
  const refusals = {
    ...(route.open === true ? {} : OF_GUARD),
    ...(route.query === undefined && body === undefined ? {} : OF_INPUT),
    ...(body === undefined ? {} : OF_BODY),
    ...route.statuses,
  };
  const parameters = [
    ...parametersIn(route.path),
    ...(route.query === undefined ? [] : queryOf(route.query)),
  ];
  return {
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { content: { "application/json": { schema: schemaOf(body, "input") } } } }),
    ...(route.open === true && { security: [{}] }),
    responses: {
      200: { description: "Done.", content: contentOf(route.answers) },
      ...Object.fromEntries(
        Object.entries(refusals).map(([status, description]) => [status, {
          description,
          content: { "application/json": { schema: { $ref: "#/components/schemas/Refusal" } } },
        }]),
      ),
    },
  };
}

function contentOf(answers: AdminRoute["answers"]): Record<string, unknown> {
  if (typeof answers === "string" || !("safeParse" in answers)) {
    return Object.fromEntries([answers].flat().map((type) => [type, { schema: { type: "string" } }]));
  }
  return { "application/json": { schema: schemaOf(answers, "output") } };
}

function parametersIn(path: string): Record<string, unknown>[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryOf(query: z.ZodType): Record<string, unknown>[] {
  const { properties = {} } = schemaOf(query, "input") as { properties?: Record<string, unknown> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return described;
}
