import { useReactFlow } from '@xyflow/react';
import { useEffect } from 'react';
import { fragmentOf } from '../flow/clipboard';
import { toggleChat } from '../layout/panels';
import { usePage } from '../page';
import { freePlace } from './addNode';
import { fitOptions } from './fit';
import { focusNode } from './focusNode';
import { hasMod, isOnCanvas, isTyping } from './keys';
import { pointer } from './pointer';
import type { Size } from './tidy';
import { useTidy } from './useTidy';

/** The keys of the canvas. `KEY_HELP` tells them to the person. */
export function useKeys(measured: ReadonlyMap<string, Size>): void {
  const { flow, autosave, view } = usePage();
  const canvas = useReactFlow();
  const tidy = useTidy(measured);

  useEffect(() => {
    const { commands } = flow;

    const withMod = (event: KeyboardEvent): (() => void) | undefined => {
      switch (event.key.toLowerCase()) {
        case 's':
          return () => void autosave.flush();
        case 'z':
          return event.shiftKey ? commands.redo : commands.undo;
        case 'y':
          return commands.redo;
        case 'a':
          return commands.selectAll;
        case 'd':
          return () => commands.paste(fragmentOf(flow.getState().doc, flow.getState().selectedNodes), undefined);
        default:
          return undefined;
      }
    };

    const plain = (event: KeyboardEvent): (() => void) | undefined => {
      const [selected] = flow.getState().selectedNodes.size === 1 ? flow.getState().selectedNodes : [];
      switch (event.key) {
        case 'Delete':
        case 'Backspace':
          return isOnCanvas(event.target) ? commands.removeSelected : undefined;
        case 'n':
          return () => view.setState({ picker: { kind: 'add', ...place() } });
        case '/':
          return () => {
            view.setState({ palette: true });
            requestAnimationFrame(() => document.querySelector<HTMLElement>('.palette-search input')?.focus());
          };
        case 'l':
          return selected === undefined ? undefined : () => view.setState({ picker: { kind: 'connect', at: cardPoint(selected), node: selected } });
        case 'F2':
          return selected === undefined ? undefined : () => view.setState({ renaming: selected });
        case 'Enter':
          return selected !== undefined && event.target instanceof Element && event.target.closest('.react-flow__node, body') === event.target
            ? () => {
                view.setState({ inspector: true });
                requestAnimationFrame(() => document.querySelector<HTMLElement>('.inspector [role=tab][aria-selected=true]')?.focus());
              }
            : undefined;
        case 'Escape':
          return () => {
            const [first] = flow.getState().selectedNodes;
            const inInspector = event.target instanceof Element && event.target.closest('.inspector');
            if (inInspector && first !== undefined) focusNode(first);
            else commands.select([]);
          };
        case 'c':
          return () => toggleChat(view);
        case '?':
          return () => view.setState({ help: true });
        case '+':
        case '=':
          return () => void canvas.zoomIn();
        case '-':
          return () => void canvas.zoomOut();
        case '0':
          return () => void canvas.zoomTo(1);
        case '1':
          return () => void canvas.fitView(fitOptions());
        default:
          return undefined;
      }
    };

    const place = () => {
      const box = document.querySelector('.canvas')?.getBoundingClientRect();
      const over = pointer.at();
      const at = over ?? { x: (box?.left ?? 0) + (box?.width ?? 0) / 2, y: (box?.top ?? 0) + (box?.height ?? 0) / 3 };
      const position = canvas.screenToFlowPosition(at);
      return { at, position: over ? position : freePlace(flow, position) };
    };

    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
      const mod = hasMod(event);
      const typing = isTyping(event.target);
      const saving = mod && event.key.toLowerCase() === 's';
      if (typing && !saving && event.key !== 'Escape') return;
      if (typing && event.key === 'Escape' && event.target instanceof Element && event.target.closest('dialog, [popover]')) return;
      const act =
        event.shiftKey && event.altKey && event.code === 'KeyT'
          ? () => void tidy()
          : mod && !event.altKey
            ? withMod(event)
            : event.altKey || event.ctrlKey || event.metaKey
              ? undefined
              : plain(event);
      if (!act) return;
      event.preventDefault();
      act();
    };

    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [flow, autosave, view, canvas, tidy]);
}

function cardPoint(id: string): { x: number; y: number } {
  const box = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect();
  return { x: box?.right ?? 0, y: box?.top ?? 0 };
}
