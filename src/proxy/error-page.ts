/** What error answers say about a failure. */
export interface FailureFacts {
  readonly status: number;
  /** The phrase of the status. */
  readonly phrase: string;
  readonly reason: string;
  readonly requestId: string;
}

/** An operator's own page. */
export interface ErrorPage {
  /** Media type without parameters. */
  readonly type: string;
  /** May hold `{status}`, `{phrase}`, `{reason}` and `{request_id}`. */
  readonly text: string;
}

/**
 * `page` with the facts in their places, each place filled once. No fact holds a character that means something in
 * HTML or JSON.
 */
export function fillPage({ text }: ErrorPage, { status, phrase, reason, requestId }: FailureFacts): string {
  const facts: Readonly<Record<string, string>> = {
    status: String(status),
    phrase,
    reason,
    request_id: requestId,
  };
  return text.replace(/\{(status|phrase|reason|request_id)\}/g, (_, name: string) => facts[name]!);
}
