import type { ApiError } from '../api/client';
import { usePage } from '../page';
import { Failure } from '../run/Findings';
import { Button } from '../ui/Button';

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

/** Why the memory could not be asked, and the ways on. */
export function ReadFailure({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  const { view } = usePage();
  return (
    <div className="memory-failure">
      <Failure title={TITLES[error.kind] ?? 'It did not work'} error={error}>
        <div className="memory-actions">
          {onRetry && (
            <Button icon="refresh" onClick={onRetry}>
              Try again
            </Button>
          )}
          {OF_SETTINGS.has(error.kind) && <Button onClick={() => view.setState({ inspectorTab: 'settings' })}>Open the settings</Button>}
        </div>
      </Failure>
    </div>
  );
}
