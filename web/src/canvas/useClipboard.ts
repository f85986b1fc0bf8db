import { useReactFlow } from '@xyflow/react';
import { useEffect } from 'react';
import { fragmentOf, fromText, toText } from '../flow/clipboard';
import { looksLikeFlow } from '../flows/transfer';
import { openDialog } from '../layout/dialogs';
import { usePage } from '../page';
import { say } from '../ui/toasts';
import { isOnCanvas, isTyping } from './keys';
import { pointer } from './pointer';

/** Copy, cut and paste through the browser's own events, so that nodes travel between windows and into files. */
export function useClipboard(): void {
  const { flow } = usePage();
  const { screenToFlowPosition } = useReactFlow();
  useEffect(() => {
    const ours = (event: ClipboardEvent) =>
      !isTyping(event.target) && isOnCanvas(event.target) && (window.getSelection()?.isCollapsed ?? true);

    const onCopy = (event: ClipboardEvent) => {
      const { doc, selectedNodes } = flow.getState();
      if (!ours(event) || selectedNodes.size === 0 || !event.clipboardData) return;
      event.clipboardData.setData('text/plain', toText(fragmentOf(doc, selectedNodes)));
      event.preventDefault();
      if (event.type === 'cut') flow.commands.removeSelected();
    };

    const onPaste = (event: ClipboardEvent) => {
      if (!ours(event) || !event.clipboardData) return;
      event.preventDefault();
      const text = event.clipboardData.getData('text/plain');
      const [file] = event.clipboardData.files;
      const fragment = fromText(text);
      if (!fragment && (looksLikeFlow(text) || file?.type === 'application/json')) {
        openDialog({ kind: 'import', given: looksLikeFlow(text) || !file ? text : file });
        return;
      }
      if (!fragment || fragment.nodes.length === 0) {
        say('Only nodes and flows can be pasted here.');
        return;
      }
      const at = pointer.at();
      flow.commands.paste(fragment, at && screenToFlowPosition(at));
    };

    document.addEventListener('copy', onCopy);
    document.addEventListener('cut', onCopy);
    document.addEventListener('paste', onPaste);
    return () => {
      document.removeEventListener('copy', onCopy);
      document.removeEventListener('cut', onCopy);
      document.removeEventListener('paste', onPaste);
    };
  }, [flow, screenToFlowPosition]);
}
