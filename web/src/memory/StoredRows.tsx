import { useEffect, useState } from 'react';
import type { StoredRow } from '../api/memory';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { count } from '../run/words';
import { relative } from '../text/relative';
import { Blank } from './Blank';
import { priceOf } from './estimate';
import { ReadFailure } from './ReadFailure';
import { bytes, date } from './format';
import { JsonTree } from './JsonTree';
import { SizeBar } from './SizeBar';
import { Waiting } from './Waiting';
import { PAGE, type MemoryStore } from './store';
import { useCopy } from './useCopy';
import { useMemoryState } from './useMemory';
import { useNow } from './useNow';

/** The items or keys of a session, as the backend has them. */
export function StoredRows({ memory }: { memory: MemoryStore }) {
  const rows = useMemoryState(memory, (state) => state.open?.rows);
  useEffect(() => memory.showRows(), [memory]);
  if (!rows || rows.is === 'new') return <Waiting />;
  const price = rows.pageUsage && priceOf(1, rows.pageUsage, 1);
  return (
    <div className="memory-scroll">
      {rows.error && <ReadFailure error={rows.error} onRetry={() => void memory.refresh()} />}
      {rows.records.length === 0 && !rows.error && (rows.is === 'loading' ? <Waiting /> : <Blank icon="docs" title="No row is stored" text="The backend holds nothing for this session." />)}
      {rows.records.map((row, at) => (
        <Row key={row.key} row={row} open={at === 0} />
      ))}
      {rows.records.length > 0 && (
        <footer className="memory-more">
          <p>{count(rows.records.length, 'row')}</p>
          {rows.next !== undefined && (
            <Button disabled={rows.is === 'loading'} onClick={() => void memory.moreRows()}>
              {rows.is === 'loading' ? 'Loading…' : [`Load up to ${PAGE} more`, price].filter(Boolean).join(' · ')}
            </Button>
          )}
        </footer>
      )}
    </div>
  );
}

function Row({ row, open }: { row: StoredRow; open: boolean }) {
  const [isOpen, setOpen] = useState(open);
  const [copied, copy] = useCopy();
  const now = useNow();
  const { key, raw, limit_bytes: limit, expires_at_epoch_secs: expires } = row;
  return (
    <article className="row" aria-label={`Row ${key}`}>
      <header>
        <button type="button" className="row-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name="chevronRight" size={12} />
          <span className="row-key">{key}</span>
          <span className="row-size">{bytes(row.bytes)}</span>
        </button>
        <IconButton icon={copied ? 'check' : 'copy'} label={copied ? 'Copied' : 'Copy the row as JSON'} onClick={() => copy(JSON.stringify(raw, null, 2))} />
      </header>
      {isOpen && (
        <div className="row-body">
          {limit != null && <SizeBar size={row.bytes} limit={limit} label="Size of the row" />}
          {expires != null && (
            <p className="row-expiry">
              {expires * 1_000 > now ? 'Expires' : 'Expired'} {relative(expires, now)}, {date(expires)}
            </p>
          )}
          <div className="json">
            <JsonTree value={raw} open />
          </div>
        </div>
      )}
    </article>
  );
}
