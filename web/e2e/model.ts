import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A chat model with an OpenAI-compatible address, for what no model that is installed can do on demand. */
export interface Model {
  /** Where it listens: `127.0.0.1:PORT`. */
  endpoint: string;
  /** How many questions it was asked. */
  asked: () => number;
  /** Lets it say more of its answers. */
  say: (text: string) => void;
  /** Ends its answers. */
  end: () => void;
  close: () => Promise<void>;
}

/** A model that says what the test wants, when the test wants it. `names` is what it lists when asked. */
export async function startModel(names: readonly string[] = []): Promise<Model> {
  const open = new Set<ServerResponse>();
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
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

function send(response: ServerResponse, delta: object, finish: 'stop' | null = null): void {
  const chunk = { id: 'a', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}
