import type { Message, StoredTurn, ToolCall } from '../api/memory';

/** A piece of a message's content. */
export type Part = { is: 'text'; text: string } | { is: 'image'; url: string } | { is: 'other'; json: unknown };

/** A message as it stands in the list. A tool's result stands with the call that it answers. */
export interface Item {
  key: string;
  turn: StoredTurn;
  /** Of the turn, from 0. */
  turnAt: number;
  /** Its place in the turn. */
  at: number;
  message: Message;
  calls: { call: ToolCall; result: { message: Message; at: number } | undefined }[];
  opensTurn: boolean;
}

export function itemsOf(turns: readonly StoredTurn[]): Item[] {
  return turns.flatMap((turn, turnAt) => {
    const taken = new Set<number>();
    const items: Item[] = [];
    turn.messages.forEach((message, at) => {
      if (taken.has(at)) return;
      const calls = (message.tool_calls ?? []).map((call) => {
        const found = turn.messages.findIndex((other, index) => index > at && !taken.has(index) && other.tool_call_id === call.id);
        const result = turn.messages[found];
        if (result) taken.add(found);
        return { call, result: result && { message: result, at: found } };
      });
      items.push({ key: `${turn.position} ${at}`, turn, turnAt, at, message, calls, opensTurn: items.length === 0 });
    });
    return items;
  });
}

export function partsOf({ content }: Message): Part[] {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ is: 'text', text: content }];
  return content.map((part): Part => {
    if (typeof part === 'string') return { is: 'text', text: part };
    if (isRecord(part)) {
      if (typeof part['text'] === 'string') return { is: 'text', text: part['text'] };
      const image = part['image_url'];
      const url = isRecord(image) ? image['url'] : image;
      // An image inside the message is shown; one that would be loaded from elsewhere is not.
      if (typeof url === 'string' && /^data:image\/(?:png|jpeg|gif|webp);/u.test(url)) return { is: 'image', url };
    }
    return { is: 'other', json: part };
  });
}

/** What a person would read of it, as plain text. */
export function textOf(message: Message): string {
  return partsOf(message)
    .map((part) => (part.is === 'text' ? part.text : part.is === 'image' ? '[image]' : JSON.stringify(part.json)))
    .join('\n\n');
}

export function argumentsOf({ arguments: given }: ToolCall): string {
  return typeof given === 'string' ? given : JSON.stringify(given, null, 2);
}

const ROLES: Record<string, string> = { user: 'User', assistant: 'Assistant', system: 'System', tool: 'Tool' };

export function roleOf({ role }: Message): string {
  return ROLES[role] ?? role;
}

export function messageCount(turns: readonly StoredTurn[]): number {
  return turns.reduce((sum, turn) => sum + turn.messages.length, 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
