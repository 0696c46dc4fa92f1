import type { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { headerValue } from "../values/headers.ts";
import { positiveDuration, trueOr, wholeNumber } from "../values/value-types.ts";
import { clients } from "./access.ts";
import { answerFile, body } from "./respond.ts";
import { section } from "./section.ts";
import { atLeastOne, notBoth, wherever, writtenAs } from "../values/written.ts";

/** What requests get while what they ask for is switched off. */
export const maintenanceSchema = trueOr(
  writtenAs(
    section({
      /** Status of the answer. */
      status: wholeNumber(400, 599).prefault(503),
      /** What is sent in place of the frontend's error page. @example "back at noon" */
      body: body.exactOptional(),
      /**
       * The same from a file, as seen from the working directory; read when the config is loaded.
       * @example "pages/maintenance.html"
       */
      file: answerFile.exactOptional(),
      /** Its media type; by the extension of the file where nothing is said, else text. @example "text/html" */
      content_type: headerValue.exactOptional(),
      /** When to try again, in whole seconds; without it nothing is said of that. @example "10m" */
      retry_after: positiveDuration.exactOptional(),
      /** Clients that still get through, by their address. */
      allow: clients.prefault([]),
    }).refine(({ body, file }) => body === undefined || file === undefined, {
      path: ["file"],
      error: "stands beside body; accepted: one of the two",
    }).refine(({ body, file, contentType }) => (body ?? file) !== undefined || contentType === undefined, {
      path: ["content_type"],
      error: "does nothing by itself; accepted: beside body or file",
    }),
    {
      rules: [notBoth("body", "file"), wherever({ required: ["content_type"] }, atLeastOne("body", "file"))],
    },
  ),
  "true, or a table that says what requests get",
);

export type MaintenanceConfig = Frozen<z.output<typeof maintenanceSchema>>;
