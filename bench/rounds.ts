/** The weights that services get one after the other: two in turns, so that every change is one. */
export class Weights {
  readonly #first: number;
  readonly #second: number;
  readonly #now = new Map<number, number>();

  constructor(first = 20, second = 30) {
    this.#first = first;
    this.#second = second;
  }

  next(service: number): number {
    const weight = this.#now.get(service) === this.#first ? this.#second : this.#first;
    this.#now.set(service, weight);
    return weight;
  }
}

/** Rounded to one digit behind the point. */
export function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
