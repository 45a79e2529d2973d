import { Button, type ButtonProps } from '@mantine/core';
import { Loader } from 'lucide-react';
import type { MouseEvent, Ref } from 'react';

interface Props extends ButtonProps {
  /** It is at work; pressing it again does nothing. */
  busy: boolean;
  type?: 'submit' | 'button';
  onClick?: (event: MouseEvent) => void;
  'aria-label'?: string;
  'aria-describedby'?: string | undefined;
  'data-main'?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that keeps the focus while it works; a disabled one would lose it. */
export function BusyButton({ busy, leftSection, onClick, ...rest }: Props) {
  return (
    <Button
      {...rest}
      aria-busy={busy}
      leftSection={busy ? <Loader size={16} aria-hidden className="turning" /> : leftSection}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
