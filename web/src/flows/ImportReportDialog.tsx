import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ImportReport } from '../api/flows';
import { focusNode } from '../canvas/focusNode';
import { credentialNames } from '../credentials/names';
import { nodeOf } from '../flow/lookups';
import { openDialog } from '../layout/dialogs';
import { useCatalog, useCommands, useFlow } from '../page';
import { checks } from '../run/checks';
import { Inline } from '../text/Markdown';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { isConnected, isStill, toDo } from './reports';
import './flows.css';

/** What became of an import: what is to be done first, what changed last. */
export function ImportReportDialog({ report, reopened, onClose }: { report: ImportReport; reopened: boolean; onClose: () => void }) {
  const doc = useFlow((state) => state.doc);
  const nodes = doc.nodes.length;
  const todo = toDo(report);
  const problems = useStore(checks, (state) => state.problems);
  const changed = report.converted.length + report.upgraded.length + report.coerced.length + report.variables.length;
  const clean = changed + todo.length + report.connect_again.length + report.unknown_nodes.length + report.dropped.length + report.dropped_edges.length === 0;
  const go = () => {
    onClose();
    const first = report.connect_again[0]?.node ?? doc.nodes[0]?.id;
    if (first !== undefined) focusNode(first);
  };
  return (
    <Dialog title="Import report" width={600} onClose={onClose} footer={<Button look="primary" data-autofocus onClick={go}>Go to the flow</Button>}>
      <div className="report">
        <p className="report-lead">
          <strong>{doc.name || 'Untitled flow'}</strong>: {counted(nodes, 'node')} and {counted(doc.edges.length, 'connection')}
          {report.source === 'flowise' ? ' came from a Flowise export.' : ' came from an export of this canvas.'}
          {clean && ' Everything is as it was.'}
        </p>
        <Part title="Connect again" note="Credentials never travel with a flow." shown={report.connect_again.length > 0}>
          {report.connect_again.map(({ node, slot, required }) => (
            <ConnectRow key={node} node={node} slot={slot} required={required} onClose={onClose} />
          ))}
        </Part>
        <Part title="Still to do" shown={todo.length > 0}>
          {todo.map((problem, at) => (
            <Row key={at} node={problem.node ?? undefined} tone={reopened && !isStill(problem, problems) ? 'done' : problem.level} onClose={onClose}>
              {problem.message}
            </Row>
          ))}
        </Part>
        <Part title="Unknown here" note="Kept as they are and saved with the flow, but not run." shown={report.unknown_nodes.length > 0}>
          {report.unknown_nodes.map(({ node, type, label }) => (
            <li key={node} className="report-row">
              <Icon name="help" />
              <p>
                <strong>{label ?? node}</strong> <code>{type}</code>
              </p>
            </li>
          ))}
        </Part>
        <Part title="Left out" shown={report.dropped.length + report.dropped_edges.length > 0}>
          {report.dropped.map(({ node, field, message }, at) => (
            <Row key={at} node={node} field={field} tone="warning" onClose={onClose}>
              {message}
            </Row>
          ))}
          {report.dropped_edges.map(({ source, target, message }, at) => (
            <li key={at} className="report-row" data-tone="warning">
              <Icon name="connect" />
              <p>
                <strong>
                  <NodeName id={source} /> → <NodeName id={target} />
                </strong>{' '}
                <Inline text={message} />
              </p>
            </li>
          ))}
        </Part>
        {changed > 0 && (
          <details className="report-changed">
            <summary>
              <Icon name="chevronRight" />
              {counted(changed, 'value')} changed on the way
            </summary>
            <ul className="report-rows">
              {report.converted.map(({ node, from, to }, at) => (
                <Row key={`c${at}`} node={node} onClose={onClose}>{`The type \`${from}\` is \`${to}\` here`}</Row>
              ))}
              {report.upgraded.map(({ node, from, to }, at) => (
                <Row key={`u${at}`} node={node} onClose={onClose}>{`Brought up from version ${from} to ${to}`}</Row>
              ))}
              {report.coerced.map(({ node, field, from, to }, at) => (
                <Row key={`v${at}`} node={node} field={field} onClose={onClose}>{`${from} → ${to}`}</Row>
              ))}
              {report.variables.map(({ node, field, message }, at) => (
                <Row key={`x${at}`} node={node} field={field} onClose={onClose}>
                  {message}
                </Row>
              ))}
            </ul>
          </details>
        )}
      </div>
    </Dialog>
  );
}

function Part({ title, note, shown, children }: { title: string; note?: string; shown: boolean; children: ReactNode }) {
  if (!shown) return null;
  return (
    <section className="report-part">
      <h3>{title}</h3>
      {note !== undefined && <p>{note}</p>}
      <ul className="report-rows">{children}</ul>
    </section>
  );
}

function ConnectRow({ node: id, slot, required, onClose }: { node: string; slot: string; required: boolean; onClose: () => void }) {
  useStore(credentialNames);
  const connected = useFlow(({ doc }) => isConnected(doc, id));
  return (
    <li className="report-row">
      <Icon name={connected ? 'check' : 'key'} />
      <p>
        <ShowNode id={id} onClose={onClose} /> <span>{required ? slot : `${slot}, if it needs one`}</span>
      </p>
      {connected ? <span className="report-done">Connected</span> : <Button onClick={() => openDialog({ kind: 'connect', node: id })}>Connect</Button>}
    </li>
  );
}

function Row({ node, field, tone, children, onClose }: { node: string | undefined; field?: string; tone?: 'error' | 'warning' | 'done'; children: string; onClose: () => void }) {
  const fieldName = useFieldName(node, field);
  return (
    <li className="report-row" data-tone={tone}>
      <Icon name={tone === undefined ? 'arrowRight' : tone === 'done' ? 'check' : 'alert'} />
      <p>
        {node !== undefined && <ShowNode id={node} onClose={onClose} />} {fieldName !== undefined && <span>{fieldName}: </span>}
        <Inline text={children} />
      </p>
      {tone === 'done' && <span className="report-done">Done</span>}
    </li>
  );
}

/** The name of a node, which selects it. */
function ShowNode({ id, onClose }: { id: string; onClose: () => void }) {
  const commands = useCommands();
  return (
    <button
      type="button"
      className="report-node"
      onClick={() => {
        onClose();
        commands.select([id]);
      }}
    >
      <NodeName id={id} />
    </button>
  );
}

function NodeName({ id }: { id: string }) {
  const catalog = useCatalog();
  const node = useFlow(({ doc }) => nodeOf(doc.nodes, id));
  return node ? (node.name ?? catalog.node(node.type)?.title ?? id) : id;
}

function useFieldName(id: string | undefined, field: string | undefined): string | undefined {
  const catalog = useCatalog();
  const type = useFlow(({ doc }) => (id === undefined ? undefined : nodeOf(doc.nodes, id)?.type));
  if (field === undefined) return undefined;
  return (type === undefined ? undefined : catalog.node(type)?.properties?.[field]?.title) ?? field;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
