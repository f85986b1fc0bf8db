import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Autosave } from './flow/autosave';
import type { FlowCommands, FlowState, FlowStore } from './flow/store';
import type { Catalog } from './manifest/catalog';
import type { PortRef } from './manifest/ports';
import type { Runs } from './run/runs';
import type { RunsState } from './run/state';
import type { Anchor } from './ui/Popover';
import type { FlowEdge, Position } from './flow/document';

/** What all parts of the page share. */
export interface Page {
  catalog: Catalog;
  flow: FlowStore;
  autosave: Autosave;
  runs: Runs;
  view: StoreApi<ViewState>;
  /** Opens another flow, after what is unsaved here was saved. Whether it is open then. */
  openFlow: (id: string) => Promise<boolean>;
}

/** What is open on the page; none of it is saved with the flow. */
export interface ViewState {
  palette: boolean;
  /** The palette was closed to make room, and is to come back. */
  paletteMadeWay: boolean;
  /** Whether the inspector shows when a node is selected. */
  inspector: boolean;
  inspectorTab: string;
  chat: boolean;
  help: boolean;
  /** `undefined`: shown when there are enough nodes to get lost among. */
  minimap: boolean | undefined;
  /** The node whose name is being written. */
  renaming: string | undefined;
  picker: PickerRequest | undefined;
  /** The card whose menu is open, and where. */
  menu: { node: string; anchor: Anchor } | undefined;
}

export type PickerRequest =
  /** Adds a node at a place of the canvas; with `from`, one that fits that port, and connects it. */
  | { kind: 'add'; at: { x: number; y: number }; position: Position; from?: PortRef; replacing?: FlowEdge }
  | { kind: 'connect'; at: { x: number; y: number }; node: string };

/** Narrower than this, panels lie over the canvas. */
export const NARROW = '(max-width: 1099px)';

/** Narrower than this, the chat lies over the canvas, too. */
export const SMALL = '(max-width: 767px)';

/** Narrower than this, palette, chat and inspector together leave too little of the canvas. */
export const ROOMY_PX = 1440;

const CHAT_KEY = 'canvas-memory/chat';

/** Whether the chat is open outlives a reload, with `kept`; what else is open does not. */
export function createView(kept?: Storage): StoreApi<ViewState> {
  const chat = isKeptOpen(kept);
  const palette = !globalThis.matchMedia?.(NARROW).matches;
  const madeWay = chat && palette && globalThis.innerWidth < ROOMY_PX;
  const view = createStore<ViewState>(() => ({
    palette: palette && !madeWay,
    paletteMadeWay: madeWay,
    inspector: true,
    inspectorTab: 'settings',
    chat,
    help: false,
    minimap: undefined,
    renaming: undefined,
    picker: undefined,
    menu: undefined,
  }));
  view.subscribe((now, before) => {
    if (now.chat !== before.chat) keepOpen(kept, now.chat);
  });
  return view;
}

/** A browser may forbid its storage; then the chat is closed after a reload. */
function isKeptOpen(kept: Storage | undefined): boolean {
  try {
    return kept?.getItem(CHAT_KEY) === 'open';
  } catch {
    return false;
  }
}

function keepOpen(kept: Storage | undefined, open: boolean): void {
  try {
    if (open) kept?.setItem(CHAT_KEY, 'open');
    else kept?.removeItem(CHAT_KEY);
  } catch {
    // See above.
  }
}

const PageContext = createContext<Page | undefined>(undefined);
export const PageProvider = PageContext.Provider;

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('used outside of the page');
  return page;
}

export const useCatalog = (): Catalog => usePage().catalog;
export const useCommands = (): FlowCommands => usePage().flow.commands;

export function useFlow<T>(selector: (state: FlowState) => T): T {
  return useStore(usePage().flow, selector);
}

export function useView<T>(selector: (state: ViewState) => T): T {
  return useStore(usePage().view, selector);
}

export function useRuns<T>(selector: (state: RunsState) => T): T {
  return useStore(usePage().runs, selector);
}
