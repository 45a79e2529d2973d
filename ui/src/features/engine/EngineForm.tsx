import { Button, NumberInput } from '@mantine/core';
import { useId, useState, type FormEvent } from 'react';

import type { SettingView } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatCount, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Row } from '../../ui/Row';
import { changes, mistake, type Entered } from './entered';

/** Which settings a form is for. */
type Part = 'calls' | 'kept';

/** Which settings stand together, in this order. */
const GROUPS: { part: Part; word: WordKey; keys: string[] }[] = [
  { part: 'calls', word: 'settings.engine.calls', keys: ['connectSeconds', 'answerSeconds', 'readTries', 'circuitFaults', 'circuitSeconds', 'callsPerMinute', 'callsAtOnce'] },
  { part: 'calls', word: 'settings.engine.work', keys: ['pollSeconds', 'healthSeconds', 'jobTries', 'backfillAtOnce', 'deltaAtOnce', 'webhookAtOnce', 'healthAtOnce', 'runAtOnce'] },
  { part: 'kept', word: 'settings.engine.kept', keys: ['keepDays', 'keepRuns'] },
];

/** How services are called and how background work is done: for everything, or for one connection. Or what is kept of it. */
export function EngineForm({ connection = null, part = 'calls' }: { connection?: string | null; part?: Part }) {
  const read = useRead('engine_settings_show', { connection });
  return <Read read={read} shape="form">{(data) => <Form settings={data.settings} connection={connection} part={part} />}</Read>;
}

function Form({ settings, connection, part }: { settings: SettingView[]; connection: string | null; part: Part }) {
  const id = useId();
  const [entered, setEntered] = useState<Entered>({});
  const set = useDo('engine_settings_set', { touches: ['engine_settings_show', 'queue_stats'], onSuccess: () => setEntered({}) });
  const values = changes(settings, entered);
  const wrong = settings.filter((one) => mistake(one, entered[one.key]) !== undefined);
  const problem = set.isError ? toProblem(set.error) : undefined;
  const refused = problem?.subject?.kind === 'field' ? problem.subject.name : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const first = wrong[0];
    if (first) document.getElementById(`${id}-${first.key}-field`)?.focus();
    else if (Object.keys(values).length > 0 && !set.isPending) set.mutate({ connection, values });
  };
  const enter = (key: string, value: string | number) => {
    set.reset();
    setEntered({ ...entered, [key]: value });
  };
  return (
    <form noValidate onSubmit={submit} data-testid={part === 'calls' ? 'engine-settings' : 'kept-settings'}>
      {problem && refused === undefined && <ProblemBlock problem={problem} />}
      {GROUPS.filter((group) => group.part === part).map((group) => {
        const here = group.keys.flatMap((key) => settings.filter((one) => one.key === key));
        return here.length === 0 ? null : (
          <div key={group.word} role="group" aria-label={t(group.word)}>
            {connection === null && part === 'calls' && <h3 className="st-group">{t(group.word)}</h3>}
            {here.map((one) => (
              <Row key={one.key} title={t(`settings.engine.${one.key}` as WordKey)} about={`${t(`settings.engine.${one.key}About` as WordKey)} ${otherwise(one)}`} id={`${id}-${one.key}`}>
                <NumberInput
                  id={`${id}-${one.key}-field`}
                  className="st-number"
                  size="xs"
                  aria-labelledby={`${id}-${one.key}`}
                  allowDecimal={false}
                  allowNegative={false}
                  placeholder={typeof one.usual === 'number' ? formatCount(one.usual) : t('settings.engine.none')}
                  value={entered[one.key] ?? (typeof one.value === 'number' ? one.value : '')}
                  error={mistake(one, entered[one.key]) ?? (refused === one.key && problem ? visible(problem.hint) : undefined)}
                  onChange={(value) => enter(one.key, value)}
                />
              </Row>
            ))}
          </div>
        );
      })}
      <div className="row">
        <Button type="submit" size="xs" disabled={Object.keys(values).length === 0} loading={set.isPending}>
          {t('common.save')}
        </Button>
        {Object.keys(entered).length > 0 && (
          <Button size="xs" onClick={() => setEntered({})}>
            {t('settings.engine.discard')}
          </Button>
        )}
        <span role="status" className="meta">
          {set.isSuccess && t('settings.engine.saved')}
        </span>
      </div>
    </form>
  );
}

/** What holds where nothing is set here, and who says so. */
function otherwise(one: SettingView): string {
  if (typeof one.usual !== 'number') return t('settings.engine.otherwise.none');
  return t(`settings.engine.otherwise.${one.from}`, { n: formatCount(one.usual) });
}
