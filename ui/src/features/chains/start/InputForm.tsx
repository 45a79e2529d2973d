import { Textarea } from '@mantine/core';
import { useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { t } from '../../../lib/words';

/** What a run by hand is started with, as a JSON Schema; nothing is asked where it is empty. */
export function InputForm({ input, onKeep }: { input: JsonValue; onKeep: (input: JsonValue) => void }) {
  const written = input === null ? '' : JSON.stringify(input, null, 2);
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  return (
    <Textarea
      label={t('chains.start.input')}
      description={t('chains.start.inputHelp')}
      classNames={{ input: 'mono' }}
      autosize
      minRows={2}
      maxRows={12}
      spellCheck={false}
      error={wrong}
      value={text ?? written}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        if (text === undefined || text === written) return;
        try {
          onKeep(text.trim() === '' ? null : (JSON.parse(text) as JsonValue));
          setText(undefined);
          setWrong(undefined);
        } catch {
          setWrong(t('chains.logic.notJson'));
        }
      }}
    />
  );
}
