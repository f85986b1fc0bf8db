import type { ApiError } from '../api/client';
import { usePage } from '../page';
import { Inline } from '../text/Markdown';
import { sentence } from '../text/sentence';
import { Button } from '../ui/Button';
import { Icon } from '../ui/Icon';

const TITLES: Partial<Record<ApiError['kind'], string>> = {
  offline: 'The host does not answer',
  missing_credential: 'No credential yet',
  undecryptable: 'The credential can’t be opened',
  unauthenticated: 'The credential is refused',
  denied: 'The credential may not do this',
  not_found: 'It is not there',
  mismatch: 'What is stored does not fit the settings',
  corrupt: 'What is stored can’t be read',
  throttled: 'The backend asks to slow down',
  unavailable: 'The backend can’t be reached',
  unsupported: 'This layout can’t do it',
  invalid_input: 'A setting does not fit',
};

/** Errors whose cause lies in the node's settings or its credential. */
const OF_SETTINGS = new Set<ApiError['kind']>(['missing_credential', 'undecryptable', 'unauthenticated', 'denied', 'not_found', 'mismatch', 'invalid_input', 'unavailable']);

/** What went wrong, and what to do about it. */
export function Failure({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  const { view } = usePage();
  const facts = Object.entries(error.context ?? {});
  return (
    <div className="memory-failure" role="alert">
      <h3>
        <Icon name={error.kind === 'offline' ? 'cloudOff' : 'alert'} />
        {TITLES[error.kind] ?? 'It did not work'}
      </h3>
      <p>
        <Inline text={sentence(error.message)} />
      </p>
      {facts.length > 0 && (
        <dl>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name.replaceAll('_', ' ')}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className="memory-actions">
        <Button icon="refresh" onClick={onRetry}>
          Try again
        </Button>
        {OF_SETTINGS.has(error.kind) && (
          <Button look="quiet" onClick={() => view.setState({ inspectorTab: 'settings' })}>
            Open the settings
          </Button>
        )}
      </div>
    </div>
  );
}
