import { test as base, type Page } from '@playwright/test';
import { Host } from './host';
import { preview } from './preview';

export { expect } from '@playwright/test';

export interface Watch {
  /** Requests whose address matches may fail: the test is about that. */
  allowFailures: (address: RegExp) => void;
  /** A text that may leave the page in a request's body, and must never come back or be shown. */
  keepSecret: (secret: string) => void;
}

interface Fixtures {
  /** Further options of `serve`. */
  hostArgs: string[];
  /** The program, where it is not the one that all tests take. */
  hostBinary: string | undefined;
  host: Host;
  /** Where the page is served. */
  address: string;
  /** Fails the test on errors in the console, failed requests, requests to elsewhere, and secrets that are told. */
  watch: Watch;
}

export const test = base.extend<Fixtures>({
  hostArgs: [[], { option: true }],
  hostBinary: [undefined, { option: true }],
  host: async ({ hostArgs, hostBinary }, use) => {
    const host = await Host.start(hostArgs, { binary: hostBinary });
    await use(host);
    await host.remove();
  },
  address: async ({ host }, use) => {
    if (process.env['CANVAS_MEMORY_PAGE'] !== 'preview') return use(host.url);
    const served = await preview(host);
    await use(served.url);
    await served.close();
  },
  baseURL: async ({ address }, use) => use(address),
  watch: [
    async ({ page, address }, use) => {
      const watched = watchPage(page, address);
      await use(watched);
      const found = await watched.found();
      if (found.length > 0) throw new Error(`The page did what it must not:\n${found.join('\n')}`);
    },
    { auto: true },
  ],
});

function watchPage(page: Page, address: string): Watch & { found: () => Promise<string[]> } {
  const allowed: RegExp[] = [];
  const secrets: string[] = [];
  const found: { at: string; text: string }[] = [];
  const bodies: Promise<string>[] = [];
  page.on('console', (message) => {
    bodies.push(Promise.resolve(message.text()));
    if (message.type() === 'error') found.push({ at: message.location().url, text: `console: ${message.text()}` });
  });
  page.on('pageerror', (error) => found.push({ at: '', text: `error: ${error.stack ?? error.message}` }));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== new URL(address).origin) found.push({ at: '', text: `request to ${request.url()}` });
  });
  page.on('requestfailed', (request) => {
    // The page ends requests that it no longer needs.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') found.push({ at: request.url(), text: `${request.failure()?.errorText}: ${request.url()}` });
  });
  page.on('response', (response) => {
    if (response.status() >= 400) found.push({ at: response.url(), text: `${response.status()}: ${response.url()}` });
    if (response.headers()['content-type']?.includes('json')) bodies.push(response.text().catch(() => ''));
  });
  return {
    allowFailures: (pattern) => allowed.push(pattern),
    keepSecret: (secret) => secrets.push(secret),
    found: async () => {
      const told = [...(await Promise.all(bodies)), page.isClosed() ? '' : await page.content()];
      return [
        ...found.filter(({ at }) => !allowed.some((pattern) => pattern.test(at))).map(({ text }) => text),
        ...secrets.filter((secret) => told.some((text) => text.includes(secret))).map((secret) => `the secret that ends in ${secret.slice(-4)} was told`),
      ];
    },
  };
}
