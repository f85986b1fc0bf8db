import { toText, type Fragment } from '../flow/clipboard';
import { say } from '../ui/toasts';

export async function copyFragment(fragment: Fragment): Promise<void> {
  try {
    await navigator.clipboard.writeText(toText(fragment));
  } catch {
    say('The browser did not allow copying. Select the node and press Ctrl C.', { tone: 'bad' });
  }
}
