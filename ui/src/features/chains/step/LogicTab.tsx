import { useState } from 'react';

import type { Logic, Step } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { JsonArea } from '../../../ui/JsonArea';
import { changeStep } from '../document';
import { Folded } from './Folded';
import { StepName, When } from './Common';
import { LogicForm } from './forms/LogicForm';
import type { StepProps } from './StepPanel';

/** What a step does by itself, as a form; and the part of the document, for who would rather write it. */
export function LogicTab(props: StepProps) {
  const { step, change } = props;
  const { logic } = step;
  if (!logic) return null;
  return (
    <div className="stack tab-note">
      <p className="meta">{t(`chains.logic.about.${logic.type}`)}</p>
      <StepName {...props} />
      <LogicForm {...props} />
      <When {...props} />
      <Folded title={t('chains.logic.document')}>
        <Document
          key={JSON.stringify([logic, step.on, step.handles])}
          value={{ logic, on: step.on ?? null, handles: step.handles ?? null }}
          onKeep={(next) => change((c) => changeStep(c, step.id, (s) => ({ ...s, ...next })))}
        />
      </Folded>
    </div>
  );
}

interface Part {
  logic: Logic;
  on: Step['on'];
  handles: Step['handles'];
}

/** The part of the document, to be written by hand. The engine says what of it cannot be used. */
function Document({ value, onKeep }: { value: Part; onKeep: (value: Part) => void }) {
  const written = JSON.stringify(value, null, 2);
  const [text, setText] = useState(written);
  const [wrong, setWrong] = useState(false);
  return (
    <JsonArea
      aria-label={t('chains.logic.document')}
      description={t('chains.logic.documentHelp')}
      minRows={4}
      maxRows={16}
      wrong={wrong}
      value={text}
      onText={setText}
      onBlur={() => {
        if (text === written) return;
        try {
          onKeep(JSON.parse(text) as Part);
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}
