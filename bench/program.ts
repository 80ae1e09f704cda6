import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const Answer = z.object({ id: z.number(), answer: z.unknown().optional(), error: z.string().optional() });

/** How long an order may take unless it says otherwise, in milliseconds. */
const ORDER_MS = 60_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A program that is driven by lines of JSON: `{id, do, ...}` on its standard input, `{id, answer}` or `{id, error}` on its
 * standard output. It ends when its input does, so none of them outlives the runner.
 */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;
  #stderr = '';

  constructor(name: string, command: string, args: readonly string[] = []) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) => this.#end(`it ended with ${code ?? signal ?? 'nothing'}`));
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (line) => this.#read(line));
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Gives an order and reads its answer. Rejects where the program refuses it, ends, or takes longer than `timeoutMs`. */
  async order<A>(what: string, answer: z.ZodType<A>, given: object = {}, timeoutMs: number = ORDER_MS): Promise<A> {
    this.#orders += 1;
    const id = this.#orders;
    const said = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${this.name} did not answer "${what}" within ${timeoutMs} ms\n${this.#stderr}`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#child.stdin?.write(`${JSON.stringify({ ...given, id, do: what })}\n`);
    });
    return answer.parse(said);
  }

  /** Ends it: by the end of its input, and by force where that is not enough within two seconds. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await ended;
    clearTimeout(force);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  #read(line: string): void {
    const { id, answer, error } = Answer.parse(JSON.parse(line));
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(answer);
    else waiting.reject(new Error(`${this.name}: ${error}`));
  }

  #end(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(`${this.name} did not answer: ${why}\n${this.#stderr}`));
    }
    this.#waiting.clear();
  }
}
