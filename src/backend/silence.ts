/** How long a server has answered nothing, as far as attempts tell that were given up because another server was faster. */
export class Silence {
  #answers = -1;
  #since = 0;

  /** Such an attempt was given up at `now`, in ms, when the server had given so many `answers`. Returns the silence in ms. */
  outrun(answers: number, now: number): number {
    if (answers !== this.#answers) {
      this.#answers = answers;
      this.#since = now;
    }
    return now - this.#since;
  }
}
