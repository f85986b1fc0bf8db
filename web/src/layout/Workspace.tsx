import { ReactFlowProvider, useReactFlow } from '@xyflow/react';
import { useEffect } from 'react';
import { addNode, freePlace } from '../canvas/addNode';
import { CardMenu } from '../canvas/CardMenu';
import { Canvas } from '../canvas/Canvas';
import { Palette } from '../canvas/Palette';
import { focusNode } from '../canvas/focusNode';
import { Pickers } from '../canvas/Pickers';
import { ChatPanel } from '../chat/ChatPanel';
import { Inspector } from '../inspector/Inspector';
import type { NodeDeclaration } from '../manifest/types';
import { NARROW, usePage, useView } from '../page';
import { Toasts } from '../ui/Toasts';
import { DropTarget } from '../flows/DropTarget';
import { FirstSteps } from '../flows/FirstSteps';
import { Dialogs } from './Dialogs';
import { followWidth } from './panels';
import { HelpDialog } from './HelpDialog';
import { TopBar } from './TopBar';
import './layout.css';

export function Workspace() {
  const { view } = usePage();
  useEffect(() => followWidth(view), [view]);
  return (
    <ReactFlowProvider>
      <div className="page">
        <TopBar />
        <div className="work">
          <PaletteColumn />
          <main className="stage" aria-label="Canvas">
            <Canvas />
            <FirstSteps />
          </main>
          <ChatPanel />
          <Inspector />
        </div>
      </div>
      <CardMenu />
      <Pickers />
      <HelpDialog />
      <Dialogs />
      <DropTarget />
      <Toasts />
    </ReactFlowProvider>
  );
}

function PaletteColumn() {
  const { flow, catalog, view } = usePage();
  const { screenToFlowPosition } = useReactFlow();
  const open = useView((state) => state.palette);
  if (!open) return null;
  const add = (declaration: NodeDeclaration) => {
    const box = document.querySelector('.canvas')?.getBoundingClientRect();
    if (!box) return;
    const middle = screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 3 });
    focusNode(addNode(flow, catalog, declaration, freePlace(flow, middle)));
    if (matchMedia(NARROW).matches) view.setState({ palette: false });
  };
  return <Palette onAdd={add} onClose={() => view.setState({ palette: false })} />;
}
