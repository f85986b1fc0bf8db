import { parseExact } from '../api/json';
import type { Exchange } from './exchange';
import type { NodeRun, NodeTotals } from './nodeRuns';

/** Which conversation a flow's chat goes on with in this browser. */
export interface Conversation {
  /** The chat's own session, used where neither the person nor the memory node names one. */
  chat: string;
  /** The session that the person chose by name. */
  session?: string;
  /** Names that were chosen before, newest first. */
  recent?: readonly string[];
}

/** What this window knows of a flow's runs and no memory holds. */
export interface WindowRuns {
  exchanges: readonly Exchange[];
  nodes: Readonly<Record<string, NodeRun>>;
  totals: Readonly<Record<string, NodeTotals>>;
}

const RECENT_MAX = 6;
const EXCHANGES_MAX = 30;
/** Browsers give a page some 5 MB; one flow takes a part of it. */
const CHARS_MAX = 1_000_000;

/** What outlives a reload: per browser the choice of conversation, per window the drafts and the traces. */
export function createKept(browser: Storage | undefined, window: Storage | undefined) {
  return {
    conversation(flow: string): Conversation {
      const kept = read<Conversation>(browser, `canvas-memory/conversation/${flow}`);
      return kept && typeof kept.chat === 'string' ? kept : { chat: newId() };
    },
    keepConversation(flow: string, conversation: Conversation): void {
      write(browser, `canvas-memory/conversation/${flow}`, conversation);
    },

    runs(flow: string): WindowRuns {
      const kept = read<Partial<WindowRuns>>(window, `canvas-memory/runs/${flow}`);
      const exchanges = Array.isArray(kept?.exchanges) ? kept.exchanges : [];
      // What was under way in the page that was left is not under way now; a run is followed again.
      return { exchanges: exchanges.map(({ storing: _, waiting: __, ...rest }) => rest), nodes: kept?.nodes ?? {}, totals: kept?.totals ?? {} };
    },
    keepRuns(flow: string, { exchanges, nodes, totals }: WindowRuns): void {
      // What a memory holds comes from there; of the window's own runs the newest are kept.
      const own = exchanges.filter(({ stored, steps, is }) => stored !== undefined || steps.length > 0 || is !== 'answered').slice(-EXCHANGES_MAX);
      while (own.length > 1 && JSON.stringify(own).length > CHARS_MAX) own.shift();
      write(window, `canvas-memory/runs/${flow}`, { exchanges: own, nodes, totals });
    },

    draft: (flow: string): string => read<string>(window, `canvas-memory/draft/${flow}`) ?? '',
    keepDraft(flow: string, text: string): void {
      if (text === '') forget(window, `canvas-memory/draft/${flow}`);
      else write(window, `canvas-memory/draft/${flow}`, text);
    },
  };
}

export type Kept = ReturnType<typeof createKept>;

export function withRecent(conversation: Conversation, name: string): readonly string[] {
  return [name, ...(conversation.recent ?? []).filter((other) => other !== name)].slice(0, RECENT_MAX);
}

/** Like the ids that the host makes. `randomUUID` is not there on a page that came over plain http. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A browser may forbid its storage, or have it full; then what is kept ends with the page. */
function read<T>(storage: Storage | undefined, key: string): T | undefined {
  try {
    const text = storage?.getItem(key);
    return text == null ? undefined : (parseExact(text) as T);
  } catch {
    return undefined;
  }
}

function write(storage: Storage | undefined, key: string, value: unknown): void {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch {
    // See above.
  }
}

function forget(storage: Storage | undefined, key: string): void {
  try {
    storage?.removeItem(key);
  } catch {
    // See above.
  }
}
