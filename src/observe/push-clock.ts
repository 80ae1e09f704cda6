/** What one publication has led to, told once every proxy has settled it, has gone, or has been given up on. */
export interface PushReport<C> {
  readonly sequence: number;
  readonly causes: readonly C[];
  /** Proxies that got something because of it. */
  readonly proxies: number;
  readonly bytes: number;
  /** From the event to the last acknowledgement; `undefined` where nobody had anything to acknowledge. */
  readonly ms: number | undefined;
  /** Proxies that rejected some of it, in the order of their rejections. */
  readonly rejectedBy: readonly string[];
  /** Proxies that had not acknowledged it when the clock stopped waiting. */
  readonly laggards: readonly string[];
}

/** A publication as the clock needs it: `at` is when the source saw the event, in the milliseconds of `now`. */
export interface TimedPublication<C> {
  readonly sequence: number;
  readonly causes: readonly C[];
  readonly at: number;
}

/** What the clock needs from around it. */
export interface PushClockOptions<C> {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly report: (report: PushReport<C>) => void;
  /** How long a publication waits for a proxy before `giveUp` names it as a laggard, in milliseconds. */
  readonly patience: number;
}

interface Open<C> {
  readonly publication: TimedPublication<C>;
  readonly waiting: Set<string>;
  readonly served: Set<string>;
  readonly rejectedBy: Set<string>;
  bytes: number;
  lastAckAt: number | undefined;
}

/** So many publications may wait at once; one more, and the two oldest are told as one: a burst must not cost without end. */
const MOST_OPEN = 64;

/**
 * The clock of a push: from the event at the source to the last acknowledgement of what came of it.
 *
 * A publication waits for the proxies that were connected when it was made. A proxy that settles a later publication has
 * settled the earlier ones too, for the later one contains them. Proxies that connect later belong to no open publication.
 */
export class PushClock<C> {
  readonly #options: PushClockOptions<C>;
  readonly #connected = new Set<string>();
  readonly #open = new Map<number, Open<C>>();

  constructor(options: PushClockOptions<C>) {
    this.#options = options;
  }

  /** How many proxies are connected. */
  get connected(): number {
    return this.#connected.size;
  }

  /** A proxy came: it is waited for from the next publication on. */
  proxyConnected(proxy: string): void {
    this.#connected.add(proxy);
  }

  /** A proxy went: nobody waits for it any more. */
  proxyDisconnected(proxy: string): void {
    this.#connected.delete(proxy);
    for (const open of this.#open.values()) this.#leave(open, proxy);
  }

  /** Starts the clock of a publication. Call it before the publication reaches the proxies. */
  published(publication: TimedPublication<C>): void {
    const open: Open<C> = {
      publication,
      waiting: new Set(this.#connected),
      served: new Set(),
      rejectedBy: new Set(),
      bytes: 0,
      lastAckAt: undefined,
    };
    this.#open.set(publication.sequence, open);
    if (open.waiting.size === 0) this.#close(open);
    if (this.#open.size > MOST_OPEN) this.#joinOldest();
  }

  /** Something of a publication was sent to a proxy, and with it all of the earlier ones of which it had nothing yet. */
  pushed(fact: { readonly sequence: number; readonly proxy: string; readonly bytes: number }): void {
    for (const open of this.#upTo(fact.sequence)) {
      const isToldOf = open.publication.sequence === fact.sequence || !open.served.has(fact.proxy);
      if (!open.waiting.has(fact.proxy) || !isToldOf) continue;
      open.served.add(fact.proxy);
      open.bytes += fact.bytes;
    }
  }

  /** A proxy rejected something of a publication; it keeps what it had, and there is nothing more to wait for. */
  rejected(fact: { readonly sequence: number; readonly proxy: string }): void {
    for (const open of this.#upTo(fact.sequence)) {
      if (!open.waiting.has(fact.proxy)) continue;
      open.rejectedBy.add(fact.proxy);
      this.#leave(open, fact.proxy);
    }
  }

  /** A proxy has acknowledged everything up to a publication, or had nothing to acknowledge. */
  settled(fact: { readonly sequence: number; readonly proxy: string }): void {
    for (const open of this.#upTo(fact.sequence)) {
      if (!open.waiting.has(fact.proxy)) continue;
      if (open.served.has(fact.proxy)) open.lastAckAt = this.#options.now();
      this.#leave(open, fact.proxy);
    }
  }

  /** Reports the publications that have waited longer than `patience`; to be called now and then. */
  giveUp(): void {
    const latest = this.#options.now() - this.#options.patience;
    for (const open of [...this.#open.values()]) if (open.publication.at <= latest) this.#close(open);
  }

  #upTo(sequence: number): readonly Open<C>[] {
    return [...this.#open.values()].filter((open) => open.publication.sequence <= sequence);
  }

  /** A proxy that has settled the later of the two has settled the earlier one, so what is waited for stays the same. */
  #joinOldest(): void {
    const [older, newer] = this.#open.values();
    if (older === undefined || newer === undefined) return;
    this.#open.delete(older.publication.sequence);
    this.#open.set(newer.publication.sequence, {
      ...newer,
      publication: {
        sequence: newer.publication.sequence,
        causes: [...older.publication.causes, ...newer.publication.causes],
        at: older.publication.at,
      },
      served: new Set([...older.served, ...newer.served]),
      rejectedBy: new Set([...older.rejectedBy, ...newer.rejectedBy]),
      bytes: older.bytes + newer.bytes,
    });
  }

  #leave(open: Open<C>, proxy: string): void {
    if (open.waiting.delete(proxy) && open.waiting.size === 0) this.#close(open);
  }

  #close(open: Open<C>): void {
    const { sequence, causes, at } = open.publication;
    this.#open.delete(sequence);
    this.#options.report({
      sequence,
      causes,
      proxies: open.served.size,
      bytes: open.bytes,
      ms: open.lastAckAt === undefined ? undefined : open.lastAckAt - at,
      rejectedBy: [...open.rejectedBy],
      laggards: [...open.waiting],
    });
  }
}
