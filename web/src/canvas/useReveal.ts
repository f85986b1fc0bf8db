import { useReactFlow } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { usePage, useFlow, useView } from '../page';
import { allCardsNear, boxOf, fitOptions, glideMs, someCardHidden } from './fit';

const MARGIN = 24;

/** Keeps in sight what panels beside the canvas would cut off. */
export function useReveal(): void {
  useSelectedInSight();
  useWholeInSight();
}

/** Moves the canvas as little as needed, so that the one node that is selected is seen beside the inspector. */
function useSelectedInSight(): void {
  const { flow } = usePage();
  const { getViewport, setViewport } = useReactFlow();
  const inspector = useView((state) => state.inspector);
  const only = useFlow(({ selectedNodes }) => (selectedNodes.size === 1 ? [...selectedNodes][0] : undefined));
  useEffect(() => {
    if (only === undefined || !inspector) return undefined;
    const frame = requestAnimationFrame(() => {
      const card = boxOf(`.react-flow__node[data-id="${CSS.escape(only)}"]`);
      const stage = boxOf('.canvas');
      const panel = boxOf('.inspector');
      if (!card || !stage) return;
      const right = Math.min(stage.right, panel && panel.left > stage.left + card.width ? panel.left : stage.right) - MARGIN;
      const over = Math.min(card.right - right, card.left - stage.left - MARGIN);
      if (over <= 0) return;
      const { x, y, zoom } = getViewport();
      const viewport = { x: x - over, y, zoom };
      void setViewport(viewport, { duration: glideMs() });
      flow.commands.setViewport(viewport);
    });
    return () => cancelAnimationFrame(frame);
  }, [only, inspector, flow, getViewport, setViewport]);
}

/** When the chat opens over a flow that was seen whole, it is shown whole again. */
function useWholeInSight(): void {
  const { fitView } = useReactFlow();
  const chat = useView((state) => state.chat);
  const before = useRef(chat);
  useEffect(() => {
    if (before.current === chat) return undefined;
    before.current = chat;
    const frame = requestAnimationFrame(() => {
      if (someCardHidden() && allCardsNear()) void fitView({ ...fitOptions(), duration: glideMs() });
    });
    return () => cancelAnimationFrame(frame);
  }, [chat, fitView]);
}
