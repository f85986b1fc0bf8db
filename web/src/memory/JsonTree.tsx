import { useState } from 'react';
import { parseExact } from '../api/json';
import { Icon } from '../ui/Icon';
import { bytes } from './format';

/** Children that are shown at once. */
const SHOWN = 100;
const PREVIEW = 60;
/** A text longer than this is cut until it is asked for. */
const LONG = 2_000;

/** JSON as a tree that opens where it is looked at. */
export function JsonTree({ value, name, open = false }: { value: unknown; name?: string; open?: boolean }) {
  const [isOpen, setOpen] = useState(open);
  const [shown, setShown] = useState(SHOWN);
  const children = childrenOf(value);
  const label = name === undefined ? null : <span className="json-name">{name}: </span>;
  if (!children) {
    return (
      <div className="json-leaf">
        {label}
        <Scalar value={value} />
      </div>
    );
  }
  const [only] = children;
  if (only && children.length === 1 && !childrenOf(only[1])) {
    // A value with its type, as DynamoDB has it, is read at a glance.
    return (
      <div className="json-leaf">
        {label}
        <span className="json-preview">{Array.isArray(value) ? '[ ' : `{ ${only[0]}: `}</span>
        <Scalar value={only[1]} />
        <span className="json-preview">{Array.isArray(value) ? ' ]' : ' }'}</span>
      </div>
    );
  }
  if (children.length === 0) {
    return (
      <div className="json-leaf">
        {label}
        {Array.isArray(value) ? '[ ]' : '{ }'}
      </div>
    );
  }
  return (
    <div className="json-node" data-open={isOpen}>
      <button type="button" className="json-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="chevronRight" size={12} />
        {label}
        <span className="json-preview">{isOpen ? (Array.isArray(value) ? '[' : '{') : preview(value, children.length)}</span>
      </button>
      {isOpen && (
        <div className="json-children">
          {children.slice(0, shown).map(([key, child]) => (
            <JsonTree key={key} name={key} value={child} open={children.length === 1} />
          ))}
          {children.length > shown && (
            <button type="button" className="json-more" onClick={() => setShown(shown + SHOWN)}>
              {Math.min(SHOWN, children.length - shown)} more of {children.length - shown}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** Numbers that JavaScript can't hold are kept as they are written; they look like objects. */
export function isExactNumber(value: unknown): boolean {
  return (JSON as { isRawJSON?: (value: unknown) => boolean }).isRawJSON?.(value) ?? false;
}

function Scalar({ value }: { value: unknown }) {
  const [all, setAll] = useState(false);
  const [inside, setInside] = useState<unknown>();
  const text = JSON.stringify(value) ?? 'null';
  const cut = !all && text.length > LONG;
  if (inside !== undefined) {
    return (
      <>
        <button type="button" className="json-more" onClick={() => setInside(undefined)}>
          as text
        </button>
        <JsonTree value={inside} open />
      </>
    );
  }
  return (
    <span className="json-scalar" data-is={value === null ? 'null' : isExactNumber(value) ? 'number' : typeof value}>
      {cut ? `${text.slice(0, LONG)}…` : text}
      {cut && (
        <button type="button" className="json-more" onClick={() => setAll(true)}>
          all of it, {bytes(text.length)}
        </button>
      )}
      {holdsJson(value) && (
        <button type="button" className="json-more" onClick={() => setInside(parsed(value))}>
          as JSON
        </button>
      )}
    </span>
  );
}

/** Stores keep messages as JSON in a text. */
function holdsJson(value: unknown): value is string {
  return typeof value === 'string' && /^\s*[[{].*[\]}]\s*$/su.test(value);
}

function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
}

function childrenOf(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return undefined;
  return Object.entries(value);
}

function preview(value: unknown, length: number): string {
  if (Array.isArray(value)) return `[ ${length} ]`;
  const names = Object.keys(value as object).join(', ');
  return `{ ${names.length > PREVIEW ? `${names.slice(0, PREVIEW)}…` : names} }`;
}
