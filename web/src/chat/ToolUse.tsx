import type { ToolUse as Use } from '../run/exchange';
import { Icon } from '../ui/Icon';

/** A call of a tool: its name at once, what it was given and gave on demand. */
export function ToolUse({ use }: { use: Use }) {
  return (
    <details className="tool-use" data-ok={use.ok}>
      <summary>
        <Icon name="chevronRight" size={14} />
        <code>{use.tool}</code>
        <span>{use.ok ? firstLine(use.output) : 'failed'}</span>
      </summary>
      <p>Was given</p>
      <pre tabIndex={0}>{shown(use.arguments)}</pre>
      <p>Gave back</p>
      <pre tabIndex={0}>{use.output ?? 'Nothing yet'}</pre>
    </details>
  );
}

function firstLine(output: string | undefined): string {
  return output?.split('\n', 1)[0] ?? '';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
