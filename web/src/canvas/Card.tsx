import type { NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { useStore } from 'zustand';
import { useCredentialName, useGone } from '../credentials/names';
import { openDialog } from '../layout/dialogs';
import { slotRequired, slotShown } from '../manifest/catalog';
import { summaryOf } from '../manifest/summary';
import type { NodeDeclaration } from '../manifest/types';
import type { CardNode } from '../flow/reactFlow';
import type { FlowNode } from '../flow/document';
import { useCatalog, usePage, useView } from '../page';
import { useNodeStatus } from '../run/status';
import { Inline } from '../text/Markdown';
import { IconButton } from '../ui/Button';
import { Icon, NodeIcon } from '../ui/Icon';
import { CardName } from './CardName';
import { connecting, partOf } from './connecting';
import { countRender } from './renders';
import { Ports } from './Ports';
import './card.css';

/** A node on the canvas. It renders anew when what it shows changes, and not when it only moves. */
export const Card = memo(
  function Card({ data: { node }, selected, dragging }: NodeProps<CardNode>) {
    countRender();
    const catalog = useCatalog();
    const declaration = catalog.node(node.type);
    const part = useStore(connecting, (state) => partOf(state, node.id));
    const status = useNodeStatus(node);
    return (
      <div className="card" data-hue={catalog.hueOf(declaration)} data-selected={selected} data-dragging={dragging} data-part={part} data-status={status.is}>
        <CardHead node={node} declaration={declaration} />
        <CardBody node={node} declaration={declaration} />
        <Ports node={node.id} declaration={declaration} />
        <p className="card-status" data-status={status.is} data-warns={status.warns}>
          <span className="card-status-dot" />
          <span className="card-status-text"><Inline text={status.text} /></span>
        </p>
      </div>
    );
  },
  (before, after) => before.data === after.data && before.selected === after.selected && before.dragging === after.dragging,
);

function CardHead({ node, declaration }: { node: FlowNode; declaration: NodeDeclaration | undefined }) {
  const catalog = useCatalog();
  const { view } = usePage();
  const renaming = useView((state) => state.renaming === node.id);
  const menu = useView((state) => state.menu?.node === node.id);
  const title = declaration?.title ?? node.type;
  const hasName = node.name !== undefined && node.name !== title;
  return (
    <header className="card-head">
      <NodeIcon svg={declaration?.['x-node'].icon} hue={catalog.hueOf(declaration)} />
      <div className="card-names">
        <CardName node={node} title={title} renaming={renaming} onDone={() => view.setState({ renaming: undefined })} />
        <p className="card-type">{hasName ? title : (declaration?.['x-node'].category ?? 'Unknown type')}</p>
      </div>
      <IconButton
        icon="more"
        label={`Actions for ${node.name ?? title}`}
        className="card-more nodrag"
        aria-haspopup="menu"
        aria-expanded={menu}
        onClick={(event) => view.setState({ menu: { node: node.id, anchor: event.currentTarget } })}
      />
    </header>
  );
}

function CardBody({ node, declaration }: { node: FlowNode; declaration: NodeDeclaration | undefined }) {
  if (!declaration) return <p className="card-summary">Kept as it is. It can’t run here.</p>;
  const summary = summaryOf(declaration, node.inputs);
  const slots = declaration['x-node'].credentials.filter((slot) => slotShown(slot, node.inputs));
  const [slot] = slots;
  const chip = slot && (node.credential !== undefined || slotRequired(slot, node.inputs));
  if (summary === '' && !chip) return null;
  return (
    <div className="card-body">
      {summary !== '' && <p className="card-summary" title={summary}>{summary}</p>}
      {chip && <CredentialChip node={node} title={slot.title} />}
    </div>
  );
}

function CredentialChip({ node: { id: node, credential: id }, title }: { node: FlowNode; title: string }) {
  const name = useCredentialName(id);
  const none = useGone(id) || id === undefined;
  return (
    <button type="button" className="card-chip" data-empty={none} title={`Choose the ${title}`} onClick={() => openDialog({ kind: 'connect', node })}>
      <Icon name="key" size={14} />
      <span>{none ? `No ${title}` : (name ?? title)}</span>
    </button>
  );
}
