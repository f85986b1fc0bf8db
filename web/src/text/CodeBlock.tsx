import { useState } from 'react';
import { IconButton } from '../ui/Button';

const SAID_MS = 1_500;

export function CodeBlock({ text, language }: { text: string; language: string | undefined }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), SAID_MS);
    } catch {
      // Where the browser does not allow it, the text can still be selected.
    }
  };
  return (
    <div className="code-block">
      <pre tabIndex={0} aria-label={language ? `Code, ${language}` : 'Code'}>
        <code>{text}</code>
      </pre>
      <IconButton icon={copied ? 'check' : 'copy'} label={copied ? 'Copied' : 'Copy'} onClick={() => void copy()} />
    </div>
  );
}
