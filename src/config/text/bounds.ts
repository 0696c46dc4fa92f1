/** Levels of tables and lists; far more than any config has, far less than the stack holds. */
export const MAX_DEPTH = 64;

export const TOO_DEEP = `is nested too deeply; accepted: up to ${MAX_DEPTH} levels of tables and lists`;

/** Values of one document, those that an alias repeats included; 50,000 routes have 200,000. */
export const MAX_VALUES = 300_000;

export const TOO_MANY = `has too many values; accepted: up to ${MAX_VALUES}`;

/**
 * Ends reading where a document is over a bound: what could grow with the square of the text, or without it, must end
 * early.
 */
export class OverBounds extends Error {
  readonly at: { readonly offset: number; readonly message: string };

  constructor(offset: number, message: string) {
    super(message);
    this.name = "OverBounds";
    this.at = { offset, message };
  }
}
