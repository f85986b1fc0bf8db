import type { ApiError } from '../api/client';
import type { MemoryNode, RunsApi } from '../api/runs';
import { withResult, type Exchange } from './exchange';

/** Stores the turn of an answer again. A host that no longer knows the run is given the turn; its id lets it be there once. */
export async function storeAgain(api: RunsApi, memory: MemoryNode | undefined, exchange: Exchange): Promise<Exchange> {
  const { run, asked, said = [], session, turnId } = exchange;
  const told = await api.storeAgain(run ?? '');
  if (told.ok) return told.value.result ? withResult(exchange, told.value.result) : withoutStoring(exchange);
  if (told.error.status !== 404 || !memory || !session || turnId === undefined) return withError(exchange, told.error);
  const appended = await api.append(memory, session.id, { id: turnId, messages: [{ role: 'user', content: asked }, ...said] });
  if (!appended.ok) return withError(exchange, appended.error);
  const { error: _, ...rest } = withoutStoring(exchange);
  return { ...rest, stored: { state: 'stored', ...appended.value } };
}

function withoutStoring({ storing: _, ...rest }: Exchange): Exchange {
  return rest;
}

function withError(exchange: Exchange, error: ApiError): Exchange {
  return { ...withoutStoring(exchange), error };
}
