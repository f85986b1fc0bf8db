import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

/** Its port is not asked for before it starts: the host is told of it once, and it comes and goes. */
const PORT = 16_379 + (process.pid % 1000);
const PAUSE_MS = 50;

/** A Redis that a test can take away and give back. */
export function redisServer() {
  let server: ChildProcess | undefined;
  return {
    url: `redis://127.0.0.1:${PORT}`,
    async start(): Promise<void> {
      server = spawn('redis-server', ['--port', String(PORT), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
      while (!(await answers())) await new Promise((done) => setTimeout(done, PAUSE_MS));
    },
    async kill(): Promise<void> {
      if (!server) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      server = undefined;
    },
  };
}

function answers(): Promise<boolean> {
  return new Promise((told) => {
    const socket = connect(PORT, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), told(true)));
    socket.once('error', () => told(false));
  });
}
