import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { JsonTree } from './JsonTree';

afterEach(cleanup);

test('messages that are kept as JSON in a text are opened, and shown as text again', () => {
  const { container } = render(<JsonTree value={{ at: { N: '7' }, msgs: { S: '[{"role":"user","content":"Hi"}]' } }} open />);
  expect(container.textContent).toContain('at: { N: "7" }');
  fireEvent.click(screen.getByText('as JSON'));
  expect(container.textContent).toContain('role: "user"');
  fireEvent.click(screen.getByText('as text'));
  expect(container.textContent).toContain('[{\\"role\\"');
});

test('a long list is drawn in parts, and a long text is cut', () => {
  const { container } = render(<JsonTree value={{ list: Array.from({ length: 250 }, (_, at) => at), text: 'x'.repeat(5_000) }} open />);
  fireEvent.click(screen.getByText('list:'));
  expect(container.querySelectorAll('.json-leaf').length).toBe(101);
  fireEvent.click(screen.getByText('100 more of 150'));
  expect(container.querySelectorAll('.json-leaf').length).toBe(201);
  fireEvent.click(screen.getByText('all of it, 4.9 KB'));
  expect(container.textContent).toContain('x'.repeat(5_000));
});
