import { useState } from 'react';
import { useGone } from '../credentials/names';
import type { FlowNode } from '../flow/document';
import type { NodeDeclaration } from '../manifest/types';
import { setupProblems } from '../manifest/setup';
import { useCatalog, useFlow, usePage } from '../page';
import { sentence } from '../text/sentence';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Blank } from './Blank';
import { MemoryView } from './MemoryView';
import { useMemory } from './useMemory';
import './memory.css';

const LARGE_PX = 1_120;

interface MemoryTabProps {
  node: FlowNode;
  declaration: NodeDeclaration;
}

/** What the node's store holds, once the node has all that it needs to be asked. */
export function MemoryTab({ node, declaration }: MemoryTabProps) {
  const catalog = useCatalog();
  const { view } = usePage();
  useGone(node.credential);
  const missing = useFlow(({ doc }) => setupProblems(catalog, node, doc.edges)[0]?.message);
  if (missing === undefined) return <Stored node={node} declaration={declaration} />;
  return (
    <Blank icon="settings" title="Not set up yet" text={`${sentence(missing)} Then this shows what the memory holds.`}>
      <Button onClick={() => view.setState({ inspectorTab: 'settings' })}>Open the settings</Button>
    </Blank>
  );
}

function Stored({ node, declaration }: MemoryTabProps) {
  const memory = useMemory(node);
  const [large, setLarge] = useState(false);
  if (!large) return <MemoryView memory={memory} onEnlarge={() => setLarge(true)} />;
  return (
    <>
      <p className="inspector-body inspector-quiet">Shown in the large view.</p>
      <Dialog title={node.name ?? declaration.title} width={LARGE_PX} onClose={() => setLarge(false)}>
        <MemoryView memory={memory} />
      </Dialog>
    </>
  );
}
