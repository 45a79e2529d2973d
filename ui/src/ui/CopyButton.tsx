import { Button, type ButtonProps } from '@mantine/core';
import { AlertTriangle, Check, Copy, type LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { t } from '../lib/words';

/** How long it says what became of it, in milliseconds. */
const SAID_MS = 2_000;

/** Copies a text. Where the system does not let it, that is said: what is pasted then would be something else. */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

interface Props extends ButtonProps {
  /** What is copied, or what makes it when it is asked for. */
  text: string | (() => string);
  label?: string;
  icon?: LucideIcon;
  /** What it is called where its word alone does not say it. */
  name?: string;
  'data-autofocus'?: boolean;
  'data-first'?: boolean | undefined;
}

/** A button that copies, and says whether it did. */
export function CopyButton({ text, label = t('common.copy'), icon: Icon = Copy, name, ...button }: Props) {
  const [done, setDone] = useState<boolean>();
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = async () => {
    const well = await copied(typeof text === 'string' ? text : text());
    window.clearTimeout(timer.current);
    setDone(well);
    timer.current = window.setTimeout(() => setDone(undefined), SAID_MS);
  };
  const said = done === undefined ? '' : t(done ? 'common.copied' : 'common.notCopied');
  const size = button.size?.startsWith('compact') || button.size === 'xs' ? 14 : 16;
  return (
    <>
      <Button
        {...button}
        aria-label={done === undefined ? name : undefined}
        leftSection={done === undefined ? <Icon size={size} aria-hidden /> : done ? <Check size={size} aria-hidden /> : <AlertTriangle size={size} aria-hidden />}
        onClick={() => void copy()}
      >
        {said || label}
      </Button>
      <span className="out-of-sight" role="status">
        {said}
      </span>
    </>
  );
}
