import type { SelectHTMLAttributes } from 'react';
import { Icon } from './Icon';
import './select.css';

/** The platform's own choice list, in the page's clothes. */
export function Select(props: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className="select">
      <select {...props} className="control" />
      <Icon name="chevronDown" />
    </span>
  );
}
