import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CREDENTIALS, NODES } from '../manifest/fixture';
import type { Schema } from '../manifest/types';
import type { FormContext } from './context';
import { Form } from './Form';
import { withField } from './controls/VariantsControl';

type Values = Record<string, unknown>;
let values: Values;

function Harness({ schema, start = {}, ...rest }: { schema: Schema; start?: Values } & Partial<FormContext>) {
  const [now, setNow] = useState(start);
  values = now;
  return (
    <Form errors={{}} {...rest} schema={schema} values={now} onChange={(name, value) => setNow((before) => withField(before, name, value))} onReplace={setNow} />
  );
}

const schemaOf = (properties: Record<string, Schema>, required: string[] = []): Schema => ({ type: 'object', properties, required });
const type = (label: string | RegExp, value: string) => fireEvent.change(screen.getByLabelText(label, { selector: 'input, select, textarea' }), { target: { value } });
const shipped = (name: string) => [...NODES, ...CREDENTIALS].find(({ title }) => title === name) as Schema;

afterEach(cleanup);

test.each([...NODES, ...CREDENTIALS].map((schema) => [schema.title, schema]))('the form of %s gives each control a name', (_, schema) => {
  const { container } = render(<Harness schema={schema} />);
  for (const control of container.querySelectorAll('input, select, textarea')) {
    const named = control.getAttribute('aria-label') ?? control.getAttribute('aria-labelledby') ?? (control as HTMLInputElement).labels?.length;
    expect([control.outerHTML, Boolean(named)]).toEqual([control.outerHTML, true]);
  }
});

describe('a field', () => {
  test('that is emptied is left out', () => {
    render(<Harness schema={schemaOf({ table: { type: 'string', title: 'Table' } })} />);
    type('Table', 'chat');
    expect(values).toEqual({ table: 'chat' });
    type('Table', '');
    expect(values).toEqual({});
  });

  test('for a number keeps what is typed, and says what is wrong with it', () => {
    render(<Harness schema={schemaOf({ ttl: { type: 'integer', title: 'Time', minimum: 1, 'x-ui': { unit: 'seconds' } } })} />);
    type('Time', '60s');
    expect(screen.getByLabelText('Time')).toHaveProperty('value', '60s');
    expect(screen.getByText('Write a whole number.')).toBeTruthy();
    type('Time', '60');
    expect(values).toEqual({ ttl: 60 });
    expect(screen.queryByText('Write a whole number.')).toBeNull();
    expect(screen.getByText('seconds')).toBeTruthy();
  });

  test('set to its default is left out', () => {
    const schema = schemaOf({
      on: { type: 'boolean', title: 'On', default: false },
      how: { title: 'How', default: 'a', oneOf: [{ const: 'a', title: 'A' }, { const: 'b', title: 'B' }] },
    });
    render(<Harness schema={schema} />);
    fireEvent.click(screen.getByRole('switch'));
    type('How', '1');
    expect(values).toEqual({ on: true, how: 'b' });
    fireEvent.click(screen.getByRole('switch'));
    type('How', '0');
    expect(values).toEqual({});
  });

  test('that is required says so only after somebody was there', () => {
    render(<Harness schema={schemaOf({ name: { type: 'string', title: 'Name' } }, ['name'])} />);
    expect(screen.queryByText('Fill this in.')).toBeNull();
    fireEvent.blur(screen.getByLabelText('Name'));
    expect(screen.getByText('Fill this in.')).toBeTruthy();
  });

  test('shows what the host said about it, also within a variant, and the fold opens for it', () => {
    const { container } = render(
      <Harness schema={shipped('DynamoDB Chat Memory')} start={{ recall: { policy: 'lastTurns', turns: 3 } }} errors={{ 'recall.turns': 'is too many', sortKey: 'is not the table’s' }} />,
    );
    expect(container.querySelector('[data-path="recall.turns"] .field-problem')?.textContent).toBe('is too many');
    expect(container.querySelector('[data-path="sortKey"] .field-problem')?.textContent).toBe('is not the table’s');
    expect(container.querySelector('details')?.open).toBe(true);
  });
});

test('variants change their fields and the tag that goes with them', () => {
  render(<Harness schema={shipped('DynamoDB Chat Memory')} />);
  const recall = screen.getByLabelText('Recall', { selector: 'select' });
  expect((recall as HTMLSelectElement).selectedOptions[0]?.textContent).toBe('Everything');
  fireEvent.change(recall, { target: { value: '1' } });
  type('Turns', '12');
  expect(values).toEqual({ recall: { policy: 'lastTurns', turns: 12 } });
  fireEvent.change(recall, { target: { value: '2' } });
  expect(values).toEqual({ recall: { policy: 'lastMessages' } });
});

test('variants at the root of a credential start with its default, and nest', () => {
  render(<Harness schema={shipped('AWS')} />);
  type('Access key ID', ' AKIA \n');
  expect(values).toEqual({ kind: 'keys', accessKey: 'AKIA' });
  const [kind] = screen.getAllByRole('combobox');
  fireEvent.change(kind as Element, { target: { value: '3' } });
  type('Role ARN', 'arn:aws:iam::123456789012:role/chat');
  fireEvent.change(screen.getByLabelText('Who asks for the role'), { target: { value: '2' } });
  type('Profile name', 'dev');
  expect(values).toEqual({ kind: 'role', roleArn: 'arn:aws:iam::123456789012:role/chat', base: { kind: 'profile', profile: 'dev' } });
});

test('a secret is not readable, and a saved one shows only that it is set', () => {
  const saved = new Set(['apiKey']);
  render(<Harness schema={shipped('Chat model key')} savedSecrets={saved} />);
  expect(screen.queryByLabelText('API key')).toBeNull();
  expect(screen.getByText('Saved')).toBeTruthy();
  fireEvent.click(screen.getByText('Replace'));
  const input = screen.getByLabelText('API key');
  expect(input).toHaveProperty('type', 'password');
  fireEvent.change(input, { target: { value: 'new' } });
  expect(values).toEqual({ apiKey: 'new' });
  fireEvent.click(screen.getByLabelText('Keep the saved one'));
  expect(values).toEqual({});
});

describe('choices that are looked up', () => {
  const schema = schemaOf({ table: { type: 'string', title: 'Table', 'x-options': { method: 'tables', dependsOn: ['region'] } }, region: { type: 'string', title: 'Region' } });

  test('are asked for when they are wanted, chosen by keyboard, and asked again when what they depend on changes', async () => {
    const lookUp = vi.fn(async () => ({ ok: true as const, value: [{ value: 'chat', title: 'chat' }, { value: 'orders', title: 'orders' }] }));
    render(<Harness schema={schema} lookUp={lookUp} />);
    expect(lookUp).not.toHaveBeenCalled();
    const input = screen.getByLabelText('Table', { selector: 'input' });
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    await screen.findByText('orders');
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    fireEvent.keyDown(input, { key: 'Enter' });
    expect(values).toEqual({ table: 'orders' });
    fireEvent.keyDown(input, { key: 'ArrowDown' });
    await screen.findByText('chat');
    type('Region', 'eu-west-1');
    await waitFor(() => expect(lookUp).toHaveBeenCalledTimes(3));
  });

  test('that can’t be had say why, and the field can be typed all the same', async () => {
    const lookUp = async () => ({ ok: false as const, error: { kind: 'denied' as const, status: 403, message: 'The credential may not list tables.' } });
    render(<Harness schema={schema} lookUp={lookUp} />);
    fireEvent.keyDown(screen.getByLabelText('Table', { selector: 'input' }), { key: 'ArrowDown' });
    expect((await screen.findByText(/may not list tables/u)).textContent).toMatch(/You can type it/u);
    type('Table', 'chat');
    expect(values).toEqual({ table: 'chat' });
  });
});
