import type { FlowProblem, ImportReport } from '../api/flows';
import { isGone } from '../credentials/names';
import type { FlowDocument } from '../flow/document';
import { nodeOf } from '../flow/lookups';

const keyOf = (flow: string) => `canvas-memory/import/${flow}`;

/** Keeps the report of an import in this browser, for as long as something of it is to be done. */
export function keepReport(flow: string, report: ImportReport): void {
  try {
    localStorage.setItem(keyOf(flow), JSON.stringify(report));
  } catch {
    // Without storage the report is shown once.
  }
}

export function keptReport(flow: string): ImportReport | undefined {
  try {
    const report = JSON.parse(localStorage.getItem(keyOf(flow)) ?? 'null') as Partial<ImportReport> | null;
    const whole = report && LISTS.every((list) => Array.isArray(report[list]));
    return whole ? (report as ImportReport) : undefined;
  } catch {
    return undefined;
  }
}

export function forgetReport(flow: string): void {
  try {
    localStorage.removeItem(keyOf(flow));
  } catch {
    // Then there was nothing to keep.
  }
}

const LISTS = ['converted', 'coerced', 'dropped', 'dropped_edges', 'connect_again', 'unknown_nodes', 'variables', 'upgraded', 'problems'] as const;

/** Problems of an import that the report does not tell elsewhere. */
export function toDo({ problems }: ImportReport): readonly FlowProblem[] {
  return problems.filter(({ code }) => code !== 'missing_credential' && code !== 'unknown_type');
}

/** Whether a node's credential is connected again, or the node is not there any more. */
export function isConnected({ nodes }: FlowDocument, node: string): boolean {
  const found = nodeOf(nodes, node);
  return found === undefined || (found.credential !== undefined && !isGone(found.credential));
}

/** Whether a problem of the import is still one, by what the host says now. */
export function isStill({ node, field, code }: FlowProblem, now: readonly FlowProblem[]): boolean {
  return now.some((problem) => problem.code === code && (problem.node ?? undefined) === (node ?? undefined) && (problem.field ?? undefined) === (field ?? undefined));
}

/** Whether something of an import is still to be done. */
export function isUnresolved(report: ImportReport, doc: FlowDocument, problems: readonly FlowProblem[]): boolean {
  return (
    report.connect_again.some(({ node, required }) => required && !isConnected(doc, node)) ||
    report.unknown_nodes.some(({ node }) => nodeOf(doc.nodes, node) !== undefined) ||
    toDo(report).some((problem) => isStill(problem, problems))
  );
}
