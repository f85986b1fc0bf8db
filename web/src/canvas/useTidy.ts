import { useReactFlow } from '@xyflow/react';
import { useCallback } from 'react';
import { usePage } from '../page';
import { say } from '../ui/toasts';
import { fitOptions, glideMs } from './fit';
import type { Size } from './tidy';

/** Lays the cards out. The layout engine is fetched when it is first needed. */
export function useTidy(measured: ReadonlyMap<string, Size>): () => Promise<void> {
  const { flow } = usePage();
  const { fitView } = useReactFlow();
  return useCallback(async () => {
    const { doc } = flow.getState();
    if (doc.nodes.length === 0) return;
    try {
      const { tidied } = await import('./tidy');
      flow.commands.arrange(tidied(flow.getState().doc, measured));
      requestAnimationFrame(() => void fitView({ ...fitOptions(), duration: glideMs() }));
    } catch {
      say('The layout could not be fetched. Is the host still running?', { tone: 'bad' });
    }
  }, [flow, fitView, measured]);
}
