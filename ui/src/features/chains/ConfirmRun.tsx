import { Button, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';

import type { Finding, JsonValue } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';

/** What a run will do, as the question that is asked before it. */
export interface RunQuestion {
  effects: Finding[];
  /** What is going to run. */
  kept: { id: string; version: number };
  /** What it has to be started with, as a JSON Schema. */
  input: JsonValue | undefined;
}

interface Props {
  name: string;
  question: RunQuestion | undefined;
  onRun: (dryRun: boolean, input: JsonValue) => void;
  onClose: () => void;
}

/** Asks once per version of a chain. */
export function ConfirmRun({ name, question, onRun, onClose }: Props) {
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState(false);
  const asks = question?.input !== undefined;
  const run = (dryRun: boolean) => {
    try {
      onRun(dryRun, asks ? (JSON.parse(text ?? example(question.input)) as JsonValue) : null);
      setText(undefined);
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <Modal opened={question !== undefined} onClose={onClose} size={520} title={<h2>{t('chains.confirm.title', { name })}</h2>} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        <ul className="effects">
          {question?.effects.map((effect, index) => (
            <li key={`${effect.step ?? ''}-${index}`}>{visible(effect.text)}</li>
          ))}
        </ul>
        {asks && (
          <Textarea
            label={t('chains.confirm.input')}
            description={t('chains.confirm.inputHelp')}
            classNames={{ input: 'mono' }}
            autosize
            minRows={3}
            maxRows={12}
            spellCheck={false}
            error={wrong && t('chains.logic.notJson')}
            value={text ?? example(question.input)}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        <p className="meta">{t('chains.confirm.about')}</p>
        <div className="row end">
          <Button variant="subtle" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button onClick={() => run(true)}>{t('chains.confirm.dry')}</Button>
          <Button variant="filled" onClick={() => run(false)} data-autofocus>
            {t('chains.confirm.run')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Something to begin with: every field that the schema names, empty. */
function example(schema: JsonValue | undefined): string {
  const fields = schema !== null && typeof schema === 'object' && !Array.isArray(schema) ? schema.properties : undefined;
  const names = fields !== null && typeof fields === 'object' && !Array.isArray(fields) ? Object.keys(fields) : [];
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, ''])), null, 2);
}
