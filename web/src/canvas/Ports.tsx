import { Handle, Position } from '@xyflow/react';
import { memo } from 'react';
import { useStore } from 'zustand';
import { connectedInputs } from '../flow/lookups';
import { connecting, portKey } from './connecting';
import type { NodeDeclaration, Port } from '../manifest/types';
import { useCatalog, useFlow } from '../page';

interface PortsProps {
  node: string;
  declaration: NodeDeclaration | undefined;
}

/** A node's ports, inputs at the left and outputs at the right, each with its label. */
export const Ports = memo(function Ports({ node, declaration }: PortsProps) {
  if (!declaration) return <KeptPorts node={node} />;
  const { inputPorts, outputPorts } = declaration['x-node'];
  return (
    <div className="ports">
      {([['target', 'Inputs', inputPorts], ['source', 'Outputs', outputPorts]] as const).map(
        ([side, label, ports]) =>
          ports.length > 0 && (
            <ul key={side} className="ports-side" data-side={side} aria-label={label}>
              {ports.map((port) => (
                <PortRow key={port.id} node={node} port={port} side={side} />
              ))}
            </ul>
          ),
      )}
    </div>
  );
});

function PortRow({ node, port, side }: { node: string; port: Port; side: 'source' | 'target' }) {
  const catalog = useCatalog();
  const fits = useStore(connecting, ({ from, fits: open }) => {
    if (!from) return undefined;
    if (from.node === node && from.port === port.id) return 'from';
    return from.side !== side && open.has(portKey(node, port.id)) ? 'yes' : 'no';
  });
  const open = useFlow((state) => side === 'target' && !connectedInputs(state.doc.edges, node).split('\n').includes(port.id));
  const needs = port.required === true && open;
  return (
    <li className="port" data-side={side} data-hue={catalog.hueOfTypes(port.types)} data-fits={fits} data-open={open} title={port.types.join(' · ')}>
      <Handle id={port.id} type={side} position={side === 'source' ? Position.Right : Position.Left} className="port-handle" />
      <span className="port-title">{port.title}</span>
      {needs && <span className="port-needs">required</span>}
      <span className="visually-hidden">{side === 'target' ? (open ? ', not connected' : ', connected') : `, gives ${port.types[0]}`}</span>
    </li>
  );
}

/** A node of a type that is not installed keeps the ports that its edges use. */
function KeptPorts({ node }: { node: string }) {
  const ports = useFlow((state) =>
    JSON.stringify({
      target: [...new Set(state.doc.edges.filter((edge) => edge.target === node).map((edge) => edge.targetHandle))],
      source: [...new Set(state.doc.edges.filter((edge) => edge.source === node).map((edge) => edge.sourceHandle))],
    }),
  );
  const { target, source } = JSON.parse(ports) as Record<'source' | 'target', string[]>;
  return (
    <div className="ports">
      {([['target', target], ['source', source]] as const).map(([side, ids]) => (
        <ul key={side} className="ports-side" data-side={side}>
          {ids.map((id) => (
            <li key={id} className="port" data-side={side} data-hue={6}>
              <Handle id={id} type={side} position={side === 'source' ? Position.Right : Position.Left} className="port-handle" isConnectable={false} />
              <span className="port-title">{id}</span>
            </li>
          ))}
        </ul>
      ))}
    </div>
  );
}
