import { useNodesInitialized, useReactFlow } from '@xyflow/react';
import { useEffect, useLayoutEffect, useState } from 'react';
import { allCardsNear, fitOptions, glideMs, someCardHidden } from '../canvas/fit';
import { usePage } from '../page';

/** Smaller than this, the canvas has no room for the steps beside the flow. */
const ROOM_PX = { width: 640, height: 480, tall: 800 };

/** Keeps the flow in sight beside the card that explains it, however wide the canvas gets. Whether there is room for both. */
export function useFlowBeside(shown: boolean): boolean {
  const { flow } = usePage();
  const { fitView } = useReactFlow();
  const ready = useNodesInitialized();
  const [room, setRoom] = useState(true);

  useLayoutEffect(() => {
    const stage = document.querySelector('.stage');
    if (!shown || !stage) return undefined;
    setRoom(hasRoom(stage));
    const watch = new ResizeObserver(() => setRoom(hasRoom(stage)));
    watch.observe(stage);
    return () => watch.disconnect();
  }, [shown]);

  useEffect(() => {
    const stage = document.querySelector('.stage');
    if (!shown || !ready || !stage) return undefined;
    if (!flow.getState().viewport) void fitView(fitOptions());
    if (!room) return undefined;
    // Later only what is covered is moved, and not while it is dragged.
    const watch = new ResizeObserver(() => {
      if (document.querySelector('.canvas .react-flow__node.dragging')) return;
      if (someCardHidden() && allCardsNear()) void fitView({ ...fitOptions(), duration: glideMs() });
    });
    watch.observe(stage);
    return () => watch.disconnect();
  }, [shown, ready, room, flow, fitView]);
  return room;
}

function hasRoom({ clientWidth: width, clientHeight: height }: Element): boolean {
  return height >= ROOM_PX.height && (width >= ROOM_PX.width || height >= ROOM_PX.tall);
}
