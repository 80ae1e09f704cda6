import type { StageClock, StageTimes } from './stage-clock.js';

/** What one publication has led to, told once every proxy has settled it, has gone, or has been given up on. */
export interface PushReport<C> {
  readonly sequence: number;
  readonly causes: readonly C[];
  /** Proxies that got something because of it. */
  readonly proxies: number;
  readonly bytes: number;
  /** From the event to the last acknowledgement; `undefined` where nobody had anything to acknowledge. */
  readonly ms: number | undefined;
  /** The same, stage by stage; of publications that are told as one, the oldest one's. */
  readonly stages: StageTimes;
  /** Proxies that rejected some of it, in the order of their rejections. */
  readonly rejectedBy: readonly string[];
  /** Proxies that had not acknowledged it when the clock stopped waiting. */
  readonly laggards: readonly string[];
}

/** A publication as the clock needs it. */
export interface TimedPublication<C> {
  readonly sequence: number;
  readonly causes: readonly C[];
  readonly clock: Pick<StageClock, 'seenAt' | 'passedAt' | 'times'>;
}

/** A client: by a number of its own, for two proxies may have one node id, and by that id, for people. */
export interface Client {
  readonly session: number;
  readonly proxy: string;
}

/** Of which client, and up to which publication, something is told. */
export interface ClientAt {
  readonly session: number;
  readonly sequence: number;
}

/** What the clock needs from around it. */
export interface PushClockOptions<C> {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly report: (report: PushReport<C>) => void;
  /** How long a publication waits for a proxy before `giveUp` names it as a laggard, in milliseconds. */
  readonly patience: number;
}

/** A client that is connected, with the publications that wait for it, oldest first. */
interface Waited<C> {
  readonly proxy: string;
  readonly open: Open<C>[];
}

/** A publication that waits for clients; or a run of them that is told as one, which then has the number of the newest. */
interface Open<C> {
  readonly clock: TimedPublication<C>['clock'];
  readonly causes: C[];
  readonly waiting: Set<Waited<C>>;
  readonly served: Set<number>;
  readonly rejectedBy: Set<string>;
  sequence: number;
  /** Everybody who is to wait for it is known. */
  isSent: boolean;
  bytes: number;
  lastAckAt: number | undefined;
}

/** So many publications may wait at once; one more, and the two oldest are told as one: a burst must not cost without end. */
const MOST_OPEN = 64;

/**
 * The clock of a push: from the event at the source to the last acknowledgement of what came of it.
 *
 * A publication waits for the proxies that it has something for. A proxy that settles a later publication has settled the earlier
 * ones too, for the later one contains them. Whatever is told of a proxy costs the same however many others there are.
 */
export class PushClock<C> {
  readonly #options: PushClockOptions<C>;
  readonly #clients = new Map<number, Waited<C>>();
  /** In the order of their numbers. */
  readonly #open = new Set<Open<C>>();
  #newest: Open<C> | undefined;

  constructor(options: PushClockOptions<C>) {
    this.#options = options;
  }

  /** How many proxies are connected. */
  get connected(): number {
    return this.#clients.size;
  }

  /** A proxy came. */
  proxyConnected({ session, proxy }: Client): void {
    this.#clients.set(session, { proxy, open: [] });
  }

  /** A proxy went: nobody waits for it any more. */
  proxyDisconnected(session: number): void {
    const client = this.#clients.get(session);
    if (client === undefined) return;
    this.#clients.delete(session);
    for (const open of client.open) {
      open.waiting.delete(client);
      this.#closeAnswered(open);
    }
  }

  /** Starts the clock of a publication. Call it before the publication reaches the proxies. */
  published({ sequence, causes, clock }: TimedPublication<C>): void {
    this.#newest = {
      ...{ sequence, clock, causes: [...causes], isSent: false, bytes: 0, lastAckAt: undefined },
      ...{ waiting: new Set(), served: new Set(), rejectedBy: new Set() },
    };
    this.#open.add(this.#newest);
    if (this.#open.size > MOST_OPEN) this.#joinOldest();
  }

  /** The newest publication has something for a proxy: it is waited for. */
  awaited({ sequence, session }: ClientAt): void {
    const client = this.#clients.get(session);
    const open = this.#newest;
    if (client === undefined || open?.sequence !== sequence || open.waiting.has(client)) return;
    open.waiting.add(client);
    client.open.push(open);
  }

  /** A publication has reached all proxies that it has something for. */
  sent(sequence: number): void {
    if (this.#newest?.sequence !== sequence) return;
    this.#newest.isSent = true;
    this.#closeAnswered(this.#newest);
  }

  /** Something of a publication was sent to a proxy, and with it all of the earlier ones of which it had nothing yet. */
  pushed({ sequence, session, bytes }: ClientAt & { readonly bytes: number }): void {
    const waiting = this.#clients.get(session)?.open ?? NONE;
    for (let at = waiting.length - 1; at >= 0; at -= 1) {
      const open = waiting[at];
      if (open === undefined || open.sequence > sequence) continue;
      // Of those before it the proxy has had something too.
      if (open.sequence < sequence && open.served.has(session)) return;
      open.served.add(session);
      open.bytes += bytes;
    }
  }

  /** A proxy rejected something of a publication; it keeps what it had, and there is nothing more to wait for. */
  rejected(fact: ClientAt & Client): void {
    for (let open = this.#takeOldest(fact); open !== undefined; open = this.#takeOldest(fact)) {
      open.rejectedBy.add(fact.proxy);
      this.#closeAnswered(open);
    }
  }

  /** A proxy has acknowledged everything up to a publication, or had nothing to acknowledge. */
  settled(fact: ClientAt): void {
    for (let open = this.#takeOldest(fact); open !== undefined; open = this.#takeOldest(fact)) {
      if (open.served.has(fact.session)) open.lastAckAt = this.#options.now();
      this.#closeAnswered(open);
    }
  }

  /** Reports the publications that have waited longer than `patience`; to be called now and then. */
  giveUp(): void {
    const latest = this.#options.now() - this.#options.patience;
    for (const open of this.#open) {
      if (open.clock.seenAt > latest) continue;
      for (const client of open.waiting) client.open.splice(client.open.indexOf(open), 1);
      this.#close(open);
    }
  }

  /** The oldest publication up to this one that waits for a client: it waits no longer. */
  #takeOldest({ sequence, session }: ClientAt): Open<C> | undefined {
    const client = this.#clients.get(session);
    const open = client?.open[0];
    if (client === undefined || open === undefined || open.sequence > sequence) return undefined;
    client.open.shift();
    open.waiting.delete(client);
    return open;
  }

  /** Who has settled the later of the two has settled the earlier one. */
  #joinOldest(): void {
    const [older, newer] = this.#open;
    if (older === undefined || newer === undefined) return;
    this.#open.delete(newer);
    older.sequence = newer.sequence;
    older.causes.push(...newer.causes);
    older.bytes += newer.bytes;
    older.lastAckAt = newer.lastAckAt ?? older.lastAckAt;
    for (const session of newer.served) older.served.add(session);
    for (const proxy of newer.rejectedBy) older.rejectedBy.add(proxy);
    for (const client of newer.waiting) {
      if (older.waiting.has(client)) client.open.splice(1, 1);
      else client.open[0] = older;
      older.waiting.add(client);
    }
  }

  #closeAnswered(open: Open<C>): void {
    if (open.isSent && open.waiting.size === 0) this.#close(open);
  }

  #close(open: Open<C>): void {
    const { sequence, causes, clock, served, bytes, lastAckAt, rejectedBy, waiting } = open;
    this.#open.delete(open);
    this.#options.report({
      sequence,
      causes,
      proxies: served.size,
      bytes,
      ms: lastAckAt === undefined ? undefined : lastAckAt - clock.seenAt,
      stages: lastAckAt === undefined ? clock.times : { ...clock.times, ack: lastAckAt - clock.passedAt },
      rejectedBy: [...rejectedBy],
      laggards: [...waiting].map(({ proxy }) => proxy),
    });
  }
}

const NONE: readonly never[] = [];
