/** Stands where something is about to be shown. */
export function Waiting() {
  return (
    <div className="memory-waiting" role="status" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}
