const APPLE = /Mac|iPhone|iPad/u.test(globalThis.navigator?.platform ?? '');

/** How the platform writes its modifier. */
export const MOD = APPLE ? '⌘' : 'Ctrl ';

export function hasMod(event: { ctrlKey: boolean; metaKey: boolean }): boolean {
  return APPLE ? event.metaKey : event.ctrlKey;
}

/** Single letters and deletions do nothing while one of these has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable=true], dialog, [popover]') !== null;
}

/** Where the focus may be for keys that act on the canvas. */
export function isOnCanvas(target: EventTarget | null): boolean {
  return !(target instanceof Element) || target === document.body || target.closest('.canvas') !== null;
}

export interface KeyHelp {
  title: string;
  keys: { does: string; keys: string[] }[];
}

export const KEY_HELP: KeyHelp[] = [
  {
    title: 'Build',
    keys: [
      { does: 'Add a node at the pointer', keys: ['N'] },
      { does: 'Search the palette', keys: ['/'] },
      { does: 'Connect the selected node', keys: ['L'] },
      { does: 'Open its settings', keys: ['Enter'] },
      { does: 'Rename', keys: ['F2'] },
      { does: 'Delete', keys: ['Delete', 'Backspace'] },
    ],
  },
  {
    title: 'Edit',
    keys: [
      { does: 'Undo', keys: [`${MOD}Z`] },
      { does: 'Redo', keys: [`${MOD}Shift Z`, `${MOD}Y`] },
      { does: 'Copy, cut, paste', keys: [`${MOD}C X V`] },
      { does: 'Duplicate', keys: [`${MOD}D`] },
      { does: 'Select all', keys: [`${MOD}A`] },
      { does: 'Save now', keys: [`${MOD}S`] },
    ],
  },
  {
    title: 'Look',
    keys: [
      { does: 'Zoom in, out', keys: ['+', '-'] },
      { does: 'Zoom to 100 %', keys: ['0'] },
      { does: 'Fit everything', keys: ['1'] },
      { does: 'Tidy up', keys: ['Shift Alt T'] },
      { does: 'Move the selection', keys: ['↑', '↓', '←', '→'] },
      { does: 'Select an area', keys: ['Shift drag'] },
      { does: 'Add to the selection', keys: ['Shift click'] },
    ],
  },
  {
    title: 'Talk',
    keys: [
      { does: 'Open the chat', keys: ['C'] },
      { does: 'Send', keys: ['Enter', `${MOD}Enter`] },
      { does: 'New line', keys: ['Shift Enter'] },
      { does: 'Close, clear the selection', keys: ['Esc'] },
      { does: 'This list', keys: ['?'] },
    ],
  },
];
