import { useRef, useState } from 'react';
import type { ReadableFlow } from '../api/flows';
import { isLoggedIn } from '../api/login';
import { openDialog } from '../layout/dialogs';
import { leave } from '../login/leave';
import { usePage } from '../page';
import { checks } from '../run/checks';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { say } from '../ui/toasts';
import { duplicateFlow, listFlows } from './manage';
import { isUnresolved, keptReport } from './reports';
import { exportFlow } from './transfer';

const NEWEST = 5;

/** What can be done with flows as a whole; the newest ones are at hand. */
export function FlowMenu() {
  const page = usePage();
  const button = useRef<HTMLButtonElement>(null);
  const [newest, setNewest] = useState<readonly ReadableFlow[]>();

  const open = async () => {
    const answer = await listFlows();
    setNewest(answer.ok ? answer.value.readable : []);
    if (!answer.ok) say(answer.error.message, { tone: 'bad' });
  };
  const current = page.flow.getState().id;
  const report = current === undefined ? undefined : keptReport(current);
  const unresolved = report && isUnresolved(report, page.flow.getState().doc, checks.getState().problems) ? report : undefined;
  const duplicate = async () => {
    const error = current === undefined ? undefined : await duplicateFlow(page, current);
    if (error) say(error.message, { tone: 'bad' });
  };

  return (
    <>
      <button ref={button} type="button" className="mark" aria-label="Flows" title="Flows" aria-haspopup="menu" aria-expanded={newest !== undefined} onClick={() => void open()}>
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <path d="M5 7.5h14M5 12h14M5 16.5h8" />
        </svg>
        <Icon name="chevronDown" size={12} />
      </button>
      {newest && button.current && (
        <Menu
          anchor={button.current}
          label="Flows"
          onClose={() => setNewest(undefined)}
          items={[
            { label: 'New flow…', icon: 'add', act: () => openDialog({ kind: 'newFlow' }) },
            ...newest
              .filter((entry) => entry.id !== current)
              .slice(0, NEWEST)
              .map((entry, at) => ({ label: entry.name || 'Untitled flow', icon: 'flow' as const, apart: at === 0, act: () => void page.openFlow(entry.id) })),
            { label: 'All flows…', icon: 'search', apart: newest.length < 2, act: () => openDialog({ kind: 'flows' }) },
            { label: 'Duplicate', icon: 'copy', apart: true, act: () => void duplicate() },
            { label: 'Export', icon: 'download', act: () => current !== undefined && void exportFlow(page, current) },
            { label: 'Import…', icon: 'upload', act: () => openDialog({ kind: 'import' }) },
            ...(unresolved ? [{ label: 'Import report…', icon: 'docs' as const, act: () => openDialog({ kind: 'report', report: unresolved, reopened: true }) }] : []),
            { label: 'Credentials…', icon: 'key', apart: true, act: () => openDialog({ kind: 'credentials' }) },
            { label: 'Keys and help', icon: 'help', keys: '?', act: () => page.view.setState({ help: true }) },
            ...(isLoggedIn() ? [{ label: 'Log out', icon: 'logOut' as const, apart: true, act: () => void leave(page) }] : []),
          ]}
        />
      )}
    </>
  );
}
