import { useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { JsonArea } from '../../../ui/JsonArea';

/** What a run by hand is started with, as a JSON Schema; nothing is asked where it is empty. */
export function InputForm({ input, onKeep }: { input: JsonValue; onKeep: (input: JsonValue) => void }) {
  const written = input === null ? '' : JSON.stringify(input, null, 2);
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState(false);
  return (
    <JsonArea
      label={t('chains.start.input')}
      description={t('chains.start.inputHelp')}
      minRows={2}
      wrong={wrong}
      value={text ?? written}
      onText={setText}
      onBlur={() => {
        if (text === undefined || text === written) return;
        try {
          onKeep(text.trim() === '' ? null : (JSON.parse(text) as JsonValue));
          setText(undefined);
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}
