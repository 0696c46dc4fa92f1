import process from "node:process";
import { explainRequest, type Explanation } from "../explain/explain.ts";
import { explanationText } from "../explain/explanation-text.ts";
import { loadConfig } from "../config/load.ts";
import { withOffline } from "../lifecycle/offline.ts";
import { print } from "../net/stdout.ts";
import { adminPlace, askAdmin } from "./admin-client.ts";
import { locateConfig } from "./locate.ts";

export interface ExplainCommand {
  readonly config?: string;
  readonly header?: readonly string[];
  readonly from?: string;
  readonly frontend?: string;
  readonly admin?: string;
  readonly json?: true;
}

/** Time that the running proxy has to answer, in ms. */
const ANSWER_MS = 5000;

/** Prints what would become of a request. Resolves with the exit code; throws a ConfigError. */
export async function explain(method: string, url: string, command: ExplainCommand): Promise<number> {
  const { header = [], from, frontend, admin } = command;
  try {
    const headers = header.map(readHeader);
    const asked = { method, url, headers, from };
    const explanation = admin === undefined
      ? withOffline(
        locateConfig(command.config, (file) => loadConfig({ file })).config,
        (snapshot) => explainRequest(snapshot, asked, { frontend }),
      )
      : await askRunning(admin, { ...asked, frontend });
    await print(
      command.json === true ? JSON.stringify(explanation, undefined, 2) + "\n" : explanationText(explanation),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    await print(`${error.message}\n`, "stderr");
    return 1;
  }
}

async function askRunning(admin: string, asked: unknown): Promise<Explanation> {
  const place = adminPlace({ admin }, process.env["SLUICE_ADMIN_TOKEN"]);
  const path = "/api/explain";
  const answer = await askAdmin(place, { method: "POST", path, body: asked, timeoutMs: ANSWER_MS }).catch(
    (error: Error) => {
      throw new RangeError(`${place.text} does not answer: ${error.message}`);
    },
  );
  if (answer.status === 200) return answer.value as Explanation;
  throw new RangeError(`${place.text} answers ${answer.status}: ${JSON.stringify(answer.value)}`);
}

function readHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  if (colon > 0) return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  throw new RangeError(`"${line}" is no header; accepted: 'Name: value'`);
}
