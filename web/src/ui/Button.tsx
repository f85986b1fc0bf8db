import type { ButtonHTMLAttributes, Ref } from 'react';
import { classes } from './classes';
import { Icon, type IconName } from './Icon';
import './button.css';

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'>;

export interface ButtonProps extends Native {
  look?: 'plain' | 'primary' | 'quiet' | 'danger';
  icon?: IconName;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = 'plain', icon, children, className, ...rest }: ButtonProps) {
  return (
    <button type="button" className={classes('button', className)} data-look={look} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that shows only its icon. `keys` are told in its tooltip. */
export function IconButton({
  icon,
  label,
  keys,
  className,
  ...rest
}: Native & { icon: IconName; label: string; keys?: string; ref?: Ref<HTMLButtonElement> }) {
  return (
    <button
      type="button"
      className={classes('icon-button', className)}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
