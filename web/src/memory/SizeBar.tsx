import { bytes } from './format';

/** From here on, it is time to move to a layout without this limit. */
const WARN = 0.75;

/** A size against its limit. */
export function SizeBar({ size, limit, label }: { size: number; limit: number; label: string }) {
  const share = Math.min(1, size / limit);
  const level = share >= 0.95 ? 'bad' : share >= WARN ? 'warn' : 'good';
  return (
    <div className="size-bar" data-level={level}>
      <meter className="visually-hidden" min={0} max={limit} value={size} aria-label={label} aria-valuetext={`${bytes(size)} of ${bytes(limit)}`} />
      <span className="size-bar-track" aria-hidden="true">
        <span style={{ width: `${Math.max(share * 100, 1)}%` }} />
      </span>
      <span className="size-bar-text">
        {bytes(size)} of {bytes(limit)}
      </span>
      {level !== 'good' && <p>Nearly full: when it is, no turn fits any more. Move to a layout with a row for each turn.</p>}
    </div>
  );
}
