/** A wish to stop, as a process hears it. */
export interface StopSignal {
  /** Resolves with the signal's name when the first one comes. */
  readonly stopped: Promise<NodeJS.Signals>;
  /** Waits, but no longer than until the first signal. */
  sleep(ms: number): Promise<void>;
  /** Stops listening to signals. */
  release(): void;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** Listens to Ctrl-C and SIGTERM. The first asks to stop; the second ends the process at once, with the code of that signal. */
export function stopSignal(): StopSignal {
  let ask: (signal: NodeJS.Signals) => void = () => undefined;
  let wasAsked = false;
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    ask = resolve;
  });
  const heard = (signal: NodeJS.Signals): void => {
    if (wasAsked) process.exit(signal === 'SIGINT' ? 130 : 143);
    wasAsked = true;
    ask(signal);
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return {
    stopped,
    async sleep(ms) {
      let timer: NodeJS.Timeout | undefined;
      const slept = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([slept, stopped]);
      clearTimeout(timer);
    },
    release() {
      for (const signal of SIGNALS) process.off(signal, heard);
    },
  };
}
