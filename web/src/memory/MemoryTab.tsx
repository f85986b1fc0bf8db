import { useState } from 'react';
import type { FlowNode } from '../flow/document';
import type { NodeDeclaration } from '../manifest/types';
import { Dialog } from '../ui/Dialog';
import { MemoryView } from './MemoryView';
import { SetUpFirst } from './SetUpFirst';
import { useMemory } from './useMemory';
import './memory.css';

const LARGE_PX = 1_120;

interface MemoryTabProps {
  node: FlowNode;
  declaration: NodeDeclaration;
}

/** The conversations that the node's store holds. */
export function MemoryTab(props: MemoryTabProps) {
  return (
    <SetUpFirst node={props.node}>
      <Stored {...props} />
    </SetUpFirst>
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
