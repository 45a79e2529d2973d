import { Button, TextInput } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { Check, Copy } from 'lucide-react';

import { t } from '../../../lib/words';

/** How long it says that something was copied, in milliseconds. */
const SAID_MS = 2_000;

/** A button that copies, and says so. */
export function CopyButton({ text, label, first = false }: { text: string; label: string; first?: boolean }) {
  const clipboard = useClipboard({ timeout: SAID_MS });
  return (
    <>
      <Button
        data-first={first || undefined}
        leftSection={clipboard.copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
        onClick={() => clipboard.copy(text)}
      >
        {label}
      </Button>
      <span className="out-of-sight" role="status">
        {clipboard.copied ? t('signIn.copied') : ''}
      </span>
    </>
  );
}

/** Text to select, with a button that copies it. */
export function CopyField({ label, text, button, description }: { label: string; text: string; button: string; description?: string | undefined }) {
  return (
    <div className="cw-copy">
      <TextInput
        readOnly
        label={label}
        description={description}
        value={text}
        spellCheck={false}
        classNames={{ input: 'mono' }}
        onFocus={(event) => event.currentTarget.select()}
      />
      <CopyButton text={text} label={button} />
    </div>
  );
}
