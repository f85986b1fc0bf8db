import type { SessionState } from '../api/memory';
import type { IconName } from '../ui/Icon';
import { Blank } from './Blank';

const BLANKS: Record<SessionState, [IconName, string, string]> = {
  new: ['search', 'Nothing is stored under this id', 'A message of this session makes it. If there should be one, compare the id letter by letter.'],
  empty: ['check', 'This session is empty', 'It was cleared, or holds no messages. The next message begins it anew.'],
  expired: ['alert', 'This session has expired', 'Runs no longer see it. The backend removes what is left by itself.'],
  present: ['alert', 'No message can be shown', 'There are rows, and none of them can be read. See them as stored.'],
};

/** Why a session shows no messages. */
export function SessionBlank({ state }: { state: SessionState }) {
  const [icon, title, text] = BLANKS[state];
  return <Blank icon={icon} title={title} text={text} />;
}
