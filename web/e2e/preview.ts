import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Host } from './host';

/** The policy that the page has to work under. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

export interface Preview {
  url: string;
  close: () => Promise<void>;
}

/** Serves `dist` in front of a host, for a host that was built with another page than the one under test. */
export async function preview(host: Host): Promise<Preview> {
  const server = createServer((from, to) => void (from.url?.startsWith('/api/') ? pass(host, from, to) : file(from, to)));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** A host that is gone looks gone: the connection ends without an answer. */
function pass(host: Host, from: IncomingMessage, to: ServerResponse): void {
  const { host: _, origin, ...headers } = from.headers;
  const url = new URL(from.url ?? '/', host.url);
  const on = request(url, { method: from.method, headers: { ...headers, host: url.host, ...(origin !== undefined && { origin: host.url }) } }, (answer) => {
    to.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(to);
    answer.on('error', () => to.destroy());
  });
  on.on('error', () => to.destroy());
  to.on('close', () => on.destroy());
  from.pipe(on);
}

async function file(from: IncomingMessage, to: ServerResponse): Promise<void> {
  const { pathname } = new URL(from.url ?? '/', 'http://page');
  const path = join('dist', normalize(pathname === '/' ? '/index.html' : pathname));
  if (!(await stat(path).catch(() => undefined))?.isFile()) {
    to.writeHead(404).end();
    return;
  }
  to.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'cache-control': 'no-store' });
  createReadStream(path).pipe(to);
}
