import { createStore } from 'zustand/vanilla';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  action?: { label: string; act: () => void };
}

const SHOWN_MS = 5_000;
let next = 1;

export const toasts = createStore<{ shown: readonly Toast[] }>(() => ({ shown: [] }));

/** Says something that passes. The same text is not said twice at once. */
export function say(text: string, more: { tone?: Toast['tone']; action?: NonNullable<Toast['action']> } = {}): void {
  const id = next++;
  const toast: Toast = { id, text, tone: more.tone ?? 'plain', ...(more.action && { action: more.action }) };
  toasts.setState(({ shown }) => ({ shown: [...shown.filter((other) => other.text !== text), toast].slice(-3) }));
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.setState(({ shown }) => ({ shown: shown.filter((toast) => toast.id !== id) }));
}
