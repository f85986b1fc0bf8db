import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A chat model with an OpenAI-compatible address, for what no model that is installed can do on demand. */
export interface Model {
  /** Where it listens: `127.0.0.1:PORT`. */
  endpoint: string;
  /** How many questions it was asked. */
  asked: () => number;
  /** The newest of them, as it came. */
  heard: () => string;
  /** Lets it say more of its answers. */
  say: (text: string) => void;
  /** Asks for a tool in place of an answer. */
  call: (tool: string, args: object) => void;
  /** Ends its answers. */
  end: () => void;
  close: () => Promise<void>;
}

/** A model that says what the test wants, when the test wants it. `names` is what it lists when asked. */
export async function startModel(names: readonly string[] = []): Promise<Model> {
  const open = new Set<ServerResponse>();
  let asked = 0;
  let heard = '';
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => (heard = Buffer.concat(body).toString()));
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data: names.map((id) => ({ id, object: 'model' })) }));
      return;
    }
    asked += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    open.add(response);
    response.on('close', () => open.delete(response));
    send(response, { role: 'assistant', content: '' });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    heard: () => heard,
    call: (name, args) => {
      for (const response of open) {
        send(response, { tool_calls: [{ index: 0, id: `call_${asked}`, type: 'function', function: { name, arguments: JSON.stringify(args) } }] });
        send(response, {}, 'tool_calls');
        response.end('data: [DONE]\n\n');
      }
    },
    say: (content) => open.forEach((response) => send(response, { content })),
    end: () => {
      for (const response of open) {
        send(response, {}, 'stop');
        response.end('data: [DONE]\n\n');
      }
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, delta: object, finish: 'stop' | 'tool_calls' | null = null): void {
  const chunk = { id: 'a', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}
