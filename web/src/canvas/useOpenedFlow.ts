import { useNodesInitialized, useReactFlow } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { useFlow, usePage } from '../page';
import { fitOptions } from './fit';

/** Shows a flow, when it is opened, as it was left; one that was never seen is shown whole. */
export function useOpenedFlow(): void {
  const { flow } = usePage();
  const { fitView, setViewport } = useReactFlow();
  const ready = useNodesInitialized();
  const id = useFlow((state) => state.id);
  const shown = useRef<string>(undefined);
  useEffect(() => {
    const { viewport, doc } = flow.getState();
    if (id === shown.current || (!ready && doc.nodes.length > 0)) return;
    shown.current = id;
    if (viewport) void setViewport(viewport);
    else if (doc.nodes.length > 0) void fitView(fitOptions());
    else void setViewport({ x: 0, y: 0, zoom: 1 });
  }, [id, ready, flow, fitView, setViewport]);
}
