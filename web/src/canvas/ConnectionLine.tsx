import { getBezierPath, type ConnectionLineComponentProps } from '@xyflow/react';
import type { CardNode } from '../flow/reactFlow';
import { canConnect, edgeBetween } from '../manifest/ports';
import { usePage } from '../page';
import { connecting } from './connecting';

/** The wire while it is drawn; at a port that does not take it, it says why. */
export function ConnectionLine({ fromX, fromY, fromPosition, toX, toY, toPosition, toHandle, connectionStatus }: ConnectionLineComponentProps<CardNode>) {
  const { catalog, flow } = usePage();
  const [path] = getBezierPath({ sourceX: fromX, sourceY: fromY, sourcePosition: fromPosition, targetX: toX, targetY: toY, targetPosition: toPosition });
  const { from, replacing } = connecting.getState();
  const reason =
    connectionStatus === 'invalid' && from && toHandle ? refusal(toHandle.nodeId, toHandle.id ?? '', toHandle.type) : undefined;

  function refusal(node: string, port: string, side: 'source' | 'target'): string | undefined {
    if (!from) return undefined;
    if (side === from.side) return from.side === 'source' ? 'Drop it on an input.' : 'Drop it on an output.';
    const verdict = canConnect(catalog, flow.getState().doc, edgeBetween(from, { node, port }), replacing);
    return verdict.ok ? undefined : verdict.reason;
  }

  return (
    <g className="wire-drawn" data-status={connectionStatus ?? undefined}>
      <path d={path} className="wire-path" />
      <circle cx={toX} cy={toY} r={4} />
      {reason !== undefined && (
        <foreignObject x={toX + 12} y={toY + 8} width={260} height={80}>
          <p className="wire-refusal">{reason}</p>
        </foreignObject>
      )}
    </g>
  );
}
