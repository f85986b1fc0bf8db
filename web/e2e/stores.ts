import type { Page } from '@playwright/test';
import type { Host } from './host';

interface FlowRecord {
  id: string;
  flow: { nodes: { id: string; type: string; inputs: Record<string, unknown> }[] };
}

/** A memory node in a saved flow. */
export interface MemoryRef {
  flow: string;
  node: string;
}

/** The memory of a new flow that is made of a template, with these inputs instead of its own. */
export async function memoryOf(host: Host, template: string, inputs?: Record<string, unknown>): Promise<MemoryRef> {
  const { id, flow } = await host.api<FlowRecord>('/flows', { template });
  const node = flow.nodes.find(({ type }) => /memory/iu.test(type));
  if (!node) throw new Error(`the template ${template} has no memory`);
  if (!inputs) return { flow: id, node: node.id };
  node.inputs = inputs;
  const changed = await host.api<FlowRecord>('/flows', { flow });
  return { flow: changed.id, node: node.id };
}

export async function openMemory(page: Page, { flow, node }: MemoryRef): Promise<void> {
  await page.goto(`/#/flows/${flow}`);
  // The middle of a card may be a button of its own.
  await page.locator(`.react-flow__node[data-id="${node}"]`).click({ position: { x: 12, y: 12 } });
  await page.getByRole('tab', { name: 'Memory' }).click();
}

export const session = (page: Page, id: string) => page.getByRole('option', { name: id });

/** What can be done with the session that is open. */
export async function sessionMenu(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'Export, copy, clear' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}
