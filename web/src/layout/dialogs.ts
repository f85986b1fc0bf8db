import { createStore } from 'zustand/vanilla';
import type { ImportReport } from '../api/flows';

export type DialogRequest =
  /** Connects a node: choose a credential or make one. */
  | { kind: 'connect'; node: string }
  /** A new credential of one of these types, for a node or for later. */
  | { kind: 'newCredential'; types?: readonly string[]; node?: string }
  | { kind: 'editCredential'; id: string; node?: string }
  | { kind: 'credentials' }
  | { kind: 'flows' }
  | { kind: 'newFlow' }
  /** With what was dropped or pasted, if it was. */
  | { kind: 'import'; given?: File | string }
  | { kind: 'report'; report: ImportReport; reopened?: boolean };

/** The dialogs that are open, the topmost last. */
export const dialogs = createStore<{ open: readonly DialogRequest[] }>(() => ({ open: [] }));

export function openDialog(request: DialogRequest): void {
  dialogs.setState(({ open }) => ({ open: [...open, request] }));
}

export function closeDialog(request: DialogRequest): void {
  dialogs.setState(({ open }) => ({ open: open.filter((other) => other !== request) }));
}

export function closeAllDialogs(): void {
  dialogs.setState({ open: [] });
}
