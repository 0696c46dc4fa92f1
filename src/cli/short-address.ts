/** An address to listen on as a person writes it: a number alone is a port, as it is to other programs. */
export function toBind(written: string): string {
  return /^\d{1,5}$/.test(written) ? `:${written}` : written;
}

/** A server as a person writes it: a port alone is one of this machine. */
export function toPlace(written: string): string {
  const [, port] = /^:?(\d{1,5})$/.exec(written) ?? [];
  return port === undefined ? written : `localhost:${port}`;
}
