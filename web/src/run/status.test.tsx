import { act, cleanup, renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import type { FlowNode } from '../flow/document';
import { PageProvider, type Page } from '../page';
import { CATALOG, FakeHost, FLOW, openRuns } from './fixture';
import { health } from './health';
import { useNodeStatus } from './status';

afterEach(() => {
  cleanup();
  health.setState({ of: {} });
});

test('a warning is told in the status, and marks it: ready, and not as good as that', async () => {
  const { flow, runs } = await openRuns(new FakeHost());
  const page = { catalog: CATALOG, flow, runs } as unknown as Page;
  const wrapper = ({ children }: { children: ReactNode }) => <PageProvider value={page}>{children}</PageProvider>;
  const memory = FLOW.nodes.find(({ id }) => id === 'memory') as FlowNode;
  const { result } = renderHook(() => useNodeStatus(memory), { wrapper });
  const found = (...levels: ('ok' | 'warning')[]) =>
    act(() => health.setState({ of: { memory: { is: 'ready', findings: levels.map((level) => ({ level, subject: 'table', text: 'as it is' })) } } }));
  found('ok');
  expect(result.current).toEqual({ is: 'ready', text: 'Ready' });
  found('ok', 'warning');
  expect(result.current).toEqual({ is: 'ready', warns: true, text: 'Ready, with a warning' });
  found('warning', 'warning');
  expect(result.current.text).toBe('Ready, with 2 warnings');
});
