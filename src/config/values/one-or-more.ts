import { z } from "zod";
import { list } from "./value-types.ts";
import { writtenAs } from "./written.ts";

/** A table, or a list of one or more: either way a list. */
export function oneOrMore<Item extends z.ZodType>(
  item: Item,
  accepted: string,
): z.ZodPipe<z.ZodUnknown, z.ZodTransform<z.output<Item>[]>> {
  const many = list(item, `a table, or a list of tables: ${accepted}`, 1);
  const schema = z.unknown().transform((written, context) => {
    const result = Array.isArray(written) ? many.safeParse(written) : item.safeParse(written);
    if (result.success) {
      return Array.isArray(written) ? result.data as z.output<Item>[] : [result.data as z.output<Item>];
    }
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: written } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
  return writtenAs(schema, { either: [item, many] });
}
