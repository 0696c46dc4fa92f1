/** What a policy needs to know of a server. */
export interface Candidate {
  /** Share of the requests in relation to the others; 0 gets none. */
  readonly weight: number;
}

/** Picks a server among those that are available. */
export interface Policy<C extends Candidate> {
  /** Names the candidates; called when they change, not per request. */
  update(available: readonly C[]): void;
  /** The next server, or undefined where there is none. */
  pick(): C | undefined;
}
