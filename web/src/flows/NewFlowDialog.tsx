import { useEffect, useState } from 'react';
import type { ApiError } from '../api/client';
import { closeAllDialogs } from '../layout/dialogs';
import { usePage } from '../page';
import { Failure } from '../run/Findings';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { createFlow } from './manage';
import { fetchTemplates, useTemplates } from './templates';
import './flows.css';

/** A new flow: empty, or from a template. */
export function NewFlowDialog({ onClose }: { onClose: () => void }) {
  const page = usePage();
  const templates = useTemplates();
  const [error, setError] = useState<ApiError>();
  useEffect(() => void fetchTemplates(), []);
  const create = async (from: { name?: string; template?: string }) => {
    const failed = await createFlow(page, from);
    if (failed) setError(failed);
    else closeAllDialogs();
  };
  return (
    <Dialog title="New flow" width={520} onClose={onClose}>
      {error && <Failure error={error} />}
      <ul className="choices">
        <li>
          <button type="button" className="choice" data-autofocus onClick={() => void create({ name: 'Untitled flow' })}>
            <Icon name="add" />
            <span className="choice-text">
              <span>Empty canvas</span>
              <span>Begin with nothing.</span>
            </span>
          </button>
        </li>
        {templates.map(({ id, title, description }) => (
          <li key={id}>
            <button type="button" className="choice" onClick={() => void create({ template: id })}>
              <Icon name="flow" />
              <span className="choice-text">
                <span>{title}</span>
                <span>{description}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
