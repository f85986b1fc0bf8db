import { logOut } from '../api/client';
import { forgetLogin } from '../api/login';
import type { Page } from '../page';
import { say } from '../ui/toasts';

/** Saves what is unsaved, takes the cookie away, and begins anew: the host asks for its token again. */
export async function leave({ autosave }: Page): Promise<void> {
  await autosave.flush();
  if (autosave.status.getState().save.is !== 'saved') {
    say('You are still logged in: the flow is not saved yet.', { tone: 'bad' });
    return;
  }
  const answer = await logOut();
  if (!answer.ok) {
    say(`You are still logged in. ${answer.error.message}`, { tone: 'bad' });
    return;
  }
  forgetLogin();
  location.reload();
}
