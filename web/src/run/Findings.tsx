import type { ApiError } from '../api/client';
import type { Finding } from '../api/nodes';
import { sentence } from '../text/sentence';
import { Inline } from '../text/Markdown';
import { Icon } from '../ui/Icon';
import './findings.css';

const LEVELS = { ok: 'Fine', warning: 'Warning', error: 'Error' } as const;

/** What was looked at, with how it stands. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  return (
    <ul className="findings">
      {findings.map(({ level, subject, text }, at) => (
        <li key={at} data-level={level}>
          <Icon name={level === 'ok' ? 'check' : 'alert'} />
          <span className="visually-hidden">{LEVELS[level]}: </span>
          <strong>{sentence(subject)}</strong>
          <p>
            <Inline text={sentence(text)} />
          </p>
        </li>
      ))}
    </ul>
  );
}

/** Why something failed, and what to do next. */
export function Failure({ error, title, children }: { error: ApiError; title?: string; children?: React.ReactNode }) {
  const { cause, next } = partsOf(error);
  // The node is the one that is looked at; its id says nothing to people.
  const facts = Object.entries(error.context ?? {}).filter(([name, value]) => name !== 'node' && value !== 'none');
  return (
    <div className="failure" role="alert">
      <Icon name={error.kind === 'offline' ? 'cloudOff' : 'alert'} />
      <div>
        <p className="failure-cause">
          {title !== undefined && <strong>{sentence(title)} </strong>}
          <Inline text={cause} />
        </p>
        {next !== undefined && (
          <p>
            <Inline text={next} />
          </p>
        )}
        {facts.length > 0 && (
          <p className="failure-facts">
            {facts.map(([name, value]) => (
              <span key={name}>
                {name.replaceAll('_', ' ')} <code>{value}</code>
              </span>
            ))}
          </p>
        )}
        {children}
      </div>
    </div>
  );
}

/** The host writes "what happened; what to do"; what is wrong with several inputs stays together. */
export function partsOf({ kind, message }: Pick<ApiError, 'kind' | 'message'>): { cause: string; next?: string } {
  const at = kind === 'invalid_input' ? -1 : message.indexOf('; ');
  return at < 0 ? { cause: sentence(message) } : { cause: sentence(message.slice(0, at)), next: sentence(message.slice(at + 2)) };
}
