import type { FlowDocument } from '../flow/document';
import { call } from './client';
import type { Ok, Shape } from './types';

export type FlowRecord = Omit<Shape<'FlowRecord'>, 'flow'> & { flow: FlowDocument };
export type FlowEntry = Ok<'listFlows'>['flows'][number];
export type ReadableFlow = Extract<FlowEntry, { name: string }>;
export type ImportReport = Shape<'ImportReport'>;
export type ImportedFlow = FlowRecord & { report: ImportReport };
export type Template = Omit<Shape<'Template'>, 'flow'> & { flow: FlowDocument };
export type FlowProblem = Shape<'FlowProblem'>;

const at = (id: string) => `/flows/${encodeURIComponent(id)}`;

export const flows = {
  list: () => call<Ok<'listFlows'>>('/flows'),
  templates: () => call<{ templates: Template[] }>('/templates'),
  get: (id: string, ifNoneMatch?: string) =>
    call<FlowRecord | undefined>(at(id), ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  create: (body: { name?: string; flow?: FlowDocument; template?: string }) => call<FlowRecord>('/flows', { body }),
  save: (id: string, flow: FlowDocument, ifMatch: string, keepalive = false) =>
    call<FlowRecord>(at(id), { method: 'PUT', body: flow, ifMatch, keepalive }),
  validate: (flow: FlowDocument) => call<Ok<'validateFlow'>>('/flows/validate', { body: flow }),
  export: (id: string) => call<FlowDocument>(`${at(id)}/export`),
  import: (text: string) => call<ImportedFlow>('/flows/import', { text }),
  remove: (id: string) => call<undefined>(at(id), { method: 'DELETE' }),
};

export function isReadable(entry: FlowEntry): entry is ReadableFlow {
  return 'name' in entry;
}
