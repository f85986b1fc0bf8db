import type { ReactNode } from 'react';
import { Icon, type IconName } from '../ui/Icon';

/** A place where nothing is, and why. */
export function Blank({ icon, title, text, children }: { icon: IconName; title: string; text: string; children?: ReactNode }) {
  return (
    <div className="memory-blank">
      <span className="memory-blank-icon">
        <Icon name={icon} size={20} />
      </span>
      <h3>{title}</h3>
      <p>{text}</p>
      {children}
    </div>
  );
}
