import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProgram, startProgram } from './host';

/** An engine by itself, as a service elsewhere would be: at an address, behind its own credential. */
export interface Engine {
  address: string;
  /** The fields of the credential that it takes. */
  credential: Record<string, string>;
  stop: () => Promise<void>;
}

export async function startEngine(kind: 'dynamodb' | 'upstash'): Promise<Engine> {
  const directory = await mkdtemp(join(tmpdir(), 'canvas-memory-'));
  const program = await startProgram(['engine', kind, '--data-dir', directory], { XDG_CONFIG_HOME: directory });
  const { type: _, ...credential } = JSON.parse(await readFile(join(directory, `${kind}-credential.json`), 'utf8')) as Record<string, string>;
  return {
    address: program.address,
    credential,
    stop: async () => {
      await endProgram(program);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
