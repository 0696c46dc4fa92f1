import type { z } from "zod";
import type { Path } from "./positions.ts";

/** Sections within sections that are looked into. */
const MAX_LEVELS = 4;

/** Places that one message names. */
const MAX_NAMED = 3;

/** Steps to a place that may be meant: `by` in a backend's `hash` is not the one of a limit, three of them away. */
const MOST_STEPS = 2;

/**
 * Where in the data that `schema` describes a key called `key` belongs, such as `frontends.routes` or
 * `backends.NAME.servers`: the places that are nearest to `from`, where it stands.
 */
export function findKeyPlaces(schema: z.core.$ZodType, key: string, from: Path): string[] {
  const found = [...placesIn(schema, key, [])];
  const nearness = (place: readonly string[]) => {
    const names = from.filter((step) => typeof step === "string");
    const end = place.findIndex((name, i) => name !== names[i] && (name !== NAME || names[i] === undefined));
    return end === -1 ? place.length : end;
  };
  const nearest = Math.max(0, ...found.map(nearness));
  const near = found
    .filter((place) => nearness(place) === nearest && stepsOf(place.slice(nearest)) <= MOST_STEPS)
    .sort((a, b) => a.length - b.length);
  return [...new Set(near.map((place) => place.join(".")))].slice(0, MAX_NAMED);
}

/** Stands for the name that the operator gives. */
const NAME = "NAME";

/** Without the names that the operator gives. */
function stepsOf(place: readonly string[]): number {
  return place.filter((name) => name !== NAME).length;
}

function* placesIn(schema: z.core.$ZodType, key: string, at: readonly string[]): Generator<string[]> {
  if (at.length > MAX_LEVELS) return;
  const { shape, valueType, ...def } = schema._zod.def as Definition;
  if (shape !== undefined) {
    if (Object.hasOwn(shape, key)) yield [...at, key];
    for (const [name, field] of Object.entries(shape)) yield* placesIn(field, key, [...at, name]);
  } else if (valueType !== undefined) yield* placesIn(valueType, key, [...at, NAME]);
  else {
    for (const inner of [def.innerType, def.element, def.in, def.out]) {
      if (inner !== undefined) yield* placesIn(inner, key, at);
    }
  }
}

/** What the schemas that hold others call them. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly valueType?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
}
