import { useState } from 'react';
import type { FlowNode } from '../flow/document';
import { SetUpFirst } from '../memory/SetUpFirst';
import { Dialog } from '../ui/Dialog';
import { GraphView } from './GraphView';
import { useGraph } from './useGraph';
import '../memory/memory.css';
import './graph.css';

const LARGE_PX = 1_240;

interface GraphTabProps {
  node: FlowNode;
  title: string;
}

/** The facts that the node's store holds. */
export function GraphTab(props: GraphTabProps) {
  return (
    <SetUpFirst node={props.node}>
      <Stored {...props} />
    </SetUpFirst>
  );
}

function Stored({ node, title }: GraphTabProps) {
  const graph = useGraph(node);
  const [large, setLarge] = useState(false);
  if (!large) return <GraphView graph={graph} node={node} onEnlarge={() => setLarge(true)} />;
  return (
    <>
      <p className="inspector-body inspector-quiet">Shown in the large view.</p>
      <Dialog title={title} width={LARGE_PX} onClose={() => setLarge(false)}>
        <GraphView graph={graph} node={node} />
      </Dialog>
    </>
  );
}
