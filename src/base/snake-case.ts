/**
 * `value` with its keys as JSON has them here, `error_rate` for `errorRate`; null for what is unknown, and fractions with as
 * many digits as mean something.
 */
export function inSnakeCase(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "number") return Number.isInteger(value) ? value : Math.round(value * 1e4) / 1e4;
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, its]) => [snakeCase(key), inSnakeCase(its)] as const);
  return Object.fromEntries(entries);
}

/** The words of keys are few, so each is made once. */
const SNAKE_KEYS = new Map<string, string>();

/** `error_rate` for `errorRate`. */
export function snakeCase(key: string): string {
  let snake = SNAKE_KEYS.get(key);
  if (snake === undefined) {
    snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    SNAKE_KEYS.set(key, snake);
  }
  return snake;
}
