import { Popover } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

interface Props {
  open: boolean;
  setOpen: (open: boolean) => void;
  target: ReactElement;
  children: ReactNode;
}

/** The detail of a part of the status bar, above it. */
export default function StatusDetail({ open, setOpen, target, children }: Props) {
  return (
    <Popover opened={open} onChange={setOpen} position="top-start" width={320} shadow="md" trapFocus returnFocus>
      <Popover.Target>{target}</Popover.Target>
      <Popover.Dropdown tabIndex={-1}>{children}</Popover.Dropdown>
    </Popover>
  );
}
