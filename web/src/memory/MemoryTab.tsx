import { useState } from 'react';
import type { FlowNode } from '../flow/document';
import type { NodeDeclaration } from '../manifest/types';
import { Dialog } from '../ui/Dialog';
import { MemoryView } from './MemoryView';
import { useMemory } from './useMemory';
import './memory.css';

const LARGE_PX = 1_120;

/** What the node's store holds, read from the backend. */
export function MemoryTab({ node, declaration }: { node: FlowNode; declaration: NodeDeclaration }) {
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
