import { TextInput } from '@mantine/core';

import { CopyButton } from '../../../ui/CopyButton';

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
