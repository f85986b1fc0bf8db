import { lazy, Suspense, type ReactNode } from 'react';
import type { FlowNode } from '../flow/document';
import { isGraph, isHistory, isMemory } from '../manifest/catalog';
import { useCatalog, useFlow, usePage, useView } from '../page';
import type { NodeDeclaration } from '../manifest/types';
import { MemoryTab } from '../memory/MemoryTab';
import { Waiting } from '../memory/Waiting';
import { RunTab } from '../run/RunTab';
import { IconButton } from '../ui/Button';
import { NodeIcon } from '../ui/Icon';
import { Tabs, type Tab } from '../ui/Tabs';
import { DocsTab } from './DocsTab';
import { SettingsTab } from './SettingsTab';
import './inspector.css';

/** Fetched when a node that gives a graph, or a history, is looked at. */
const kept = () => import('./kept');
const GraphTab = lazy(async () => ({ default: (await kept()).GraphTab }));
const HistoryTab = lazy(async () => ({ default: (await kept()).HistoryTab }));

/** Everything about the one node that is selected. */
export function Inspector() {
  const { view } = usePage();
  const open = useView((state) => state.inspector);
  const node = useFlow(selectedNode);
  if (!open || !node) return null;
  return (
    <aside className="inspector" aria-label="Inspector">
      <InspectorOf key={node.id} node={node} onClose={() => view.setState({ inspector: false })} />
    </aside>
  );
}

function InspectorOf({ node, onClose }: { node: FlowNode; onClose: () => void }) {
  const catalog = useCatalog();
  const { view } = usePage();
  const tab = useView((state) => state.inspectorTab);
  const declaration = catalog.node(node.type);
  const title = declaration?.title ?? node.type;
  const named = node.name !== undefined && node.name !== title;
  const tabs = declaration
    ? [
        { id: 'settings', title: 'Settings', panel: <SettingsTab node={node} declaration={declaration} /> },
        ...keptTab(node, declaration),
        { id: 'run', title: 'Run', panel: <RunTab node={node} declaration={declaration} /> },
        { id: 'docs', title: 'Docs', panel: <DocsTab declaration={declaration} /> },
      ]
    : [];
  return (
    <>
      <header className="inspector-head">
        <NodeIcon svg={declaration?.['x-node'].icon} hue={catalog.hueOf(declaration)} />
        <div className="inspector-names">
          <h2>{node.name ?? title}</h2>
          <p>{named ? title : declaration?.description}</p>
        </div>
        <IconButton icon="close" label="Close the inspector" onClick={onClose} />
      </header>
      {declaration ? (
        <Tabs tabs={tabs} current={tab} onChange={(inspectorTab) => view.setState({ inspectorTab })} label="About the node" />
      ) : (
        <UnknownNode node={node} />
      )}
    </>
  );
}

/** What the node keeps, by what it gives. */
function keptTab(node: FlowNode, declaration: NodeDeclaration): Tab[] {
  const title = node.name ?? declaration.title;
  if (isMemory(declaration)) return [{ id: 'memory', title: 'Memory', panel: <MemoryTab node={node} declaration={declaration} /> }];
  if (isGraph(declaration)) return [{ id: 'memory', title: 'Memory', panel: <Later><GraphTab node={node} title={title} /></Later> }];
  if (isHistory(declaration)) return [{ id: 'memory', title: 'Memory', panel: <Later><HistoryTab node={node} /></Later> }];
  return [];
}

function Later({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Waiting />}>{children}</Suspense>;
}

function UnknownNode({ node }: { node: FlowNode }) {
  return (
    <div className="inspector-body">
      <p>
        No node of the type <code>{node.type}</code> is installed here. It is kept as it is, and saved with the flow; the flow can’t
        run through it.
      </p>
      <p>Start a program that was built with it, or put another node in its place.</p>
    </div>
  );
}

function selectedNode(state: { doc: { nodes: readonly FlowNode[] }; selectedNodes: ReadonlySet<string> }): FlowNode | undefined {
  if (state.selectedNodes.size !== 1) return undefined;
  return state.doc.nodes.find((node) => state.selectedNodes.has(node.id));
}
