import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import { Loader } from 'lucide-react';
import type { MouseEvent, Ref } from 'react';

interface Props extends ButtonProps {
  /** It is at work; pressing it again does nothing. */
  busy: boolean;
  /** Why it cannot be pressed now. It keeps its place in the order of the keyboard, where the reason is told. */
  why?: string | undefined;
  type?: 'submit' | 'button';
  onClick?: (event: MouseEvent) => void;
  'aria-label'?: string;
  'aria-describedby'?: string | undefined;
  'data-main'?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that keeps the focus while it works; a disabled one would lose it. */
export function BusyButton({ busy, why, leftSection, onClick, ...rest }: Props) {
  const button = (
    <Button
      {...rest}
      aria-busy={busy}
      {...(why === undefined ? {} : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': why })}
      leftSection={busy ? <Loader size={16} aria-hidden className="turning" /> : leftSection}
      onClick={(event) => {
        if (busy || why !== undefined) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
  return why === undefined ? button : <Tooltip label={why}>{button}</Tooltip>;
}
