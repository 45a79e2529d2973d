import { TextInput } from '@mantine/core';
import { useState } from 'react';

/** A text that is kept when it is left: what is half typed is nobody's schedule. Blanks around it count where they may. */
export function Kept({ label, description, value, onKeep, blank = false }: { label: string; description?: string; value: string; onKeep: (value: string) => void; blank?: boolean }) {
  const [text, setText] = useState<string>();
  return (
    <TextInput
      label={label}
      description={description}
      value={text ?? value}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      onBlur={() => {
        const next = blank ? text : text?.trim();
        if (next !== undefined && next !== value) onKeep(next);
        setText(undefined);
      }}
    />
  );
}
