import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import { nodeOf } from '../flow/lookups';
import type { WireEdge } from '../flow/reactFlow';
import { outputPort } from '../manifest/catalog';
import { useCatalog, useCommands, useFlow } from '../page';
import { IconButton } from '../ui/Button';

export const Wire = memo(function Wire({ id, source, sourceHandleId, sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition, selected }: EdgeProps<WireEdge>) {
  const catalog = useCatalog();
  const commands = useCommands();
  const type = useFlow((state) => nodeOf(state.doc.nodes, source)?.type);
  const port = type === undefined ? undefined : outputPort(catalog.node(type), sourceHandleId ?? '');
  const [path, labelX, labelY] = getBezierPath({ sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition });
  return (
    <g className="wire" data-hue={port ? catalog.hueOfTypes(port.types) : 6}>
      <BaseEdge id={id} path={path} interactionWidth={24} />
      {selected && (
        <EdgeLabelRenderer>
          <div className="wire-tools nodrag nopan" style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>
            <IconButton icon="trash" label="Remove the connection" keys="Del" onClick={() => commands.remove([], [id])} />
          </div>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});
