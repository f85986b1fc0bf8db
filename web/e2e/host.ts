import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The program as it is. */
export const BINARY = resolve(process.env['CANVAS_MEMORY_BIN'] ?? '../target/debug/canvas-memory');
/** A host that is linked with the node of `examples/custom_node.rs`. */
export const CUSTOM_BINARY = resolve(process.env['CANVAS_MEMORY_CUSTOM_BIN'] ?? '../target/debug/examples/custom_node_host');

/** A process of the program that prints its address first. */
export interface Program {
  address: string;
  process: ChildProcess;
}

/** Starts the program and waits for its address. What it says on standard error is shown when it ends before that. */
export async function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}, binary = BINARY): Promise<Program> {
  const child = spawn(binary, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const address = await new Promise<string>((found, failed) => {
    lines.on('line', (line) => {
      const url = /https?:\/\/[^\s,]+/u.exec(line)?.[0];
      if (url !== undefined) found(url.replace(/\/$/u, ''));
    });
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`${binary} ${args.join(' ')} ended with ${code}: ${told}`)));
  });
  return { address, process: child };
}

export async function endProgram({ process: child }: Program, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

interface Start {
  binary?: string | undefined;
  listen?: string;
}

/** A host of its own: data, key and port belong to one test. */
export class Host {
  private program: Program | undefined;

  private constructor(
    private readonly directory: string,
    private readonly args: readonly string[],
    private binary: string | undefined,
    private listen: string,
  ) {}

  /** `listen` is where it listens first; then it is where browsers of this machine found it. */
  static async start(args: readonly string[] = [], { binary, listen = '127.0.0.1:0' }: Start = {}): Promise<Host> {
    const host = new Host(await mkdtemp(join(tmpdir(), 'canvas-memory-')), args, binary, listen);
    await host.start();
    return host;
  }

  /** Where the host listens; the same after a restart. */
  get url(): string {
    return `http://${this.listen}`;
  }

  get dataDir(): string {
    return join(this.directory, 'data');
  }

  /** Starts it again, on the same data, key and port; with `binary`, as another program that takes its place. */
  async start(binary = this.binary): Promise<void> {
    this.binary = binary;
    const env = { XDG_CONFIG_HOME: join(this.directory, 'config'), CANVAS_MEMORY_TOKEN: undefined };
    this.program = await startProgram(['serve', '--data-dir', this.dataDir, '--listen', this.listen, ...this.args], env, this.binary);
    this.listen = new URL(this.program.address).host;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    if (this.program) await endProgram(this.program);
    this.program = undefined;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Calls the API as a program does; for what a test stands on. */
  async api<T = unknown>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
