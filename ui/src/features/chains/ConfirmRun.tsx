import { Button, Checkbox, Modal, NumberInput } from '@mantine/core';
import { useState } from 'react';

import type { Finding, JsonValue } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { JsonArea } from '../../ui/JsonArea';

/** So many items are enough to see whether a chain does what is wanted. */
export const TRIAL = 50;

/** What a run does less than its chain says. */
export interface Narrowing {
  /** Each list gives its first so many items. */
  items?: number;
  /** Steps that are left out. */
  without?: string[];
}

/** How a run is started. */
export interface RunHow extends Narrowing {
  dryRun: boolean;
  input: JsonValue;
}

/** What a run will do, as the question that is asked before it. */
export interface RunQuestion extends Narrowing {
  effects: Finding[];
  /** What is going to run, and what the check of exactly this named it: a run does that or nothing. */
  kept: { id: string; plan: string | null };
  /** It was let run already, and would now do something else. */
  changed: boolean;
  /** What it has to be started with, as a JSON Schema. */
  input: JsonValue | undefined;
}

interface Props {
  name: string;
  question: RunQuestion | undefined;
  /** What steps are called. */
  stepName: (id: string) => string;
  onRun: (how: RunHow) => void;
  onClose: () => void;
}

/** Asks once for what a chain does, and whenever it is to do less than all of it. */
export function ConfirmRun({ name, question, stepName, onRun, onClose }: Props) {
  return (
    <Modal opened={question !== undefined} onClose={onClose} size={520} title={t('chains.confirm.title', { name })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      {question && <Content question={question} stepName={stepName} onRun={onRun} onClose={onClose} />}
    </Modal>
  );
}

function Content({ question, stepName, onRun, onClose }: Omit<Props, 'name' | 'question'> & { question: RunQuestion }) {
  const { effects, input, without } = question;
  const [text, setText] = useState(() => example(input));
  const [wrong, setWrong] = useState(false);
  const [items, setItems] = useState(question.items);
  const run = (dryRun: boolean) => {
    try {
      const value = input === undefined ? null : (JSON.parse(text) as JsonValue);
      onRun({ dryRun, input: value, ...(items === undefined ? {} : { items }), ...(without ? { without } : {}) });
    } catch {
      setWrong(true);
    }
  };
  return (
    <div className="stack">
      {question.changed && <p role="alert">{t('chains.confirm.changed')}</p>}
      <ul className="effects">
        {effects.map((effect, index) => (
          <li key={`${effect.step ?? ''}-${index}`}>{visible(effect.text)}</li>
        ))}
      </ul>
      {without && without.length > 0 && <p>{t('chains.confirm.without', { names: without.map((id) => `“${visible(stepName(id))}”`).join(', ') })}</p>}
      {input !== undefined && (
        <JsonArea label={t('chains.confirm.input')} description={t('chains.confirm.inputHelp')} wrong={wrong} value={text} onText={setText} />
      )}
      <div className="row">
        <Checkbox label={t('chains.confirm.first')} checked={items !== undefined} onChange={(event) => setItems(event.currentTarget.checked ? TRIAL : undefined)} />
        {items !== undefined && (
          <NumberInput w={96} size="xs" aria-label={t('chains.confirm.items')} min={1} max={100_000} clampBehavior="strict" value={items} onChange={(value) => typeof value === 'number' && setItems(value)} />
        )}
      </div>
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
  );
}

/** Something to begin with: every field that the schema names, empty. */
function example(schema: JsonValue | undefined): string {
  const fields = schema !== null && typeof schema === 'object' && !Array.isArray(schema) ? schema.properties : undefined;
  const names = fields !== null && typeof fields === 'object' && !Array.isArray(fields) ? Object.keys(fields) : [];
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, ''])), null, 2);
}
