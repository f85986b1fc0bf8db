import { useNodesInitialized, useReactFlow } from '@xyflow/react';
import { useEffect } from 'react';
import { usePage } from '../page';

/** Room for the card that explains the flow, on a canvas that has it. */
const BESIDE = { padding: { x: '48px', right: '336px', y: 0.16 }, maxZoom: 1 } as const;
const ROOMY = 800;

/** Shows a flow that nobody has moved yet whole, beside the card that explains it. */
export function useFlowBeside(shown: boolean): void {
  const { flow } = usePage();
  const { fitView } = useReactFlow();
  const ready = useNodesInitialized();
  useEffect(() => {
    const stage = document.querySelector('.stage');
    if (shown && ready && stage && stage.clientWidth >= ROOMY && !flow.getState().viewport) void fitView(BESIDE);
  }, [shown, ready, flow, fitView]);
}
