import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { CREDENTIALS, NODES } from '../manifest/fixture';
import { Markdown } from './Markdown';

afterEach(cleanup);

test('markup in a message is text, and no address runs', () => {
  const hostile = [
    '<script>alert(1)</script> & <img src=x onerror=alert(1)>',
    '<div onclick="alert(1)">block</div>',
    '[click](javascript:alert(1)) [data](data:text/html,x) [ok](https://example.org)',
    '![picture](https://example.org/track.png)',
    '`<b>`',
  ].join('\n\n');
  const { container } = render(<Markdown text={hostile} />);
  expect(container.querySelector('script, img, b, [onclick], [onerror]')).toBeNull();
  expect(container.textContent).toContain('<script>alert(1)</script> & <img src=x onerror=alert(1)>');
  expect([...container.querySelectorAll('a')].map((link) => link.getAttribute('href'))).toEqual(['https://example.org', 'https://example.org/track.png']);
});

test.each([...NODES.map((node) => [node.title, node['x-node'].docs] as const), ...CREDENTIALS.map((type) => [type.title, type['x-credential'].docs] as const)])(
  'the docs of %s show no mark of their markdown',
  (_, docs) => {
    const { container } = render(<Markdown text={docs} />);
    for (const code of container.querySelectorAll('code')) code.remove();
    expect(container.textContent).not.toMatch(/\*\*|\]\(|^\|/mu);
    expect(container.querySelectorAll('table').length).toBe(docs.match(/^\|[-|: ]+\|$/gmu)?.length ?? 0);
  },
);
