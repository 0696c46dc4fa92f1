/**
 * Which of many has the lowest score, where scores are told now and then. A binary heap, smallest at the top (Williams,
 * CACM 7(6), 1964).
 */
export class ScoreHeap {
  /** Who stands where in the heap, and the score of each. */
  readonly #members: Int32Array;
  readonly #scores: Float64Array;

  /** Of the members 0 to `size`, without it. */
  constructor(size: number) {
    this.#members = Int32Array.from({ length: size }, (_, member) => member);
    this.#scores = new Float64Array(size);
  }

  /** Takes the scores of all anew. */
  tellAll(scoreOf: (member: number) => number): void {
    for (let member = 0; member < this.#scores.length; member++) this.#scores[member] = scoreOf(member);
    for (let at = this.#members.length >> 1; at >= 0; at--) this.#sink(at);
  }

  /** One of the lowest score; undefined where there are no members. */
  get lowest(): number | undefined {
    return this.#members[0];
  }

  /** What was told of it. */
  get lowestScore(): number {
    return this.#scores[this.#members[0]!]!;
  }

  /** Tells a new score of the lowest. */
  tellLowest(score: number): void {
    this.#scores[this.#members[0]!] = score;
    this.#sink(0);
  }

  #sink(from: number): void {
    const members = this.#members, scores = this.#scores;
    const sinking = members[from]!;
    let at = from;
    for (let below = 2 * at + 1; below < members.length; below = 2 * at + 1) {
      if (below + 1 < members.length && scores[members[below + 1]!]! < scores[members[below]!]!) below++;
      if (scores[members[below]!]! >= scores[sinking]!) break;
      members[at] = members[below]!;
      at = below;
    }
    members[at] = sinking;
  }
}
