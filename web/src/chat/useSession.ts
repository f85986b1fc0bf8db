import type { Session } from '../api/runs';
import { useCatalog, useFlow, useRuns } from '../page';
import { partsOf } from '../run/parts';
import { ownSession } from '../run/session';

const FROM: Record<Session['source'], string> = {
  request: 'chosen here',
  node: 'named by the memory node',
  chat: 'this chat’s own',
};

/** The session that the next message goes to: as the last run told it, else as it will be. */
export function useSession(): Session & { from: string } {
  const catalog = useCatalog();
  const conversation = useRuns((state) => state.conversation);
  const told = useRuns((state) => state.exchanges.findLast(({ session }) => session)?.session);
  const own = useFlow(({ doc }) => ownSession(catalog, doc, partsOf(catalog, doc).memory));
  const source = conversation.session !== undefined ? 'request' : own !== undefined ? 'node' : 'chat';
  const expected = conversation.session ?? own ?? conversation.chat;
  // What the node names can hold variables, which the host fills in.
  const session: Session = told?.source === source ? told : { id: expected, source };
  return { ...session, from: FROM[session.source] };
}
