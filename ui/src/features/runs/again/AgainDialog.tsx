import { Button, Checkbox, Modal, SegmentedControl } from '@mantine/core';
import { Eye } from 'lucide-react';
import { useState } from 'react';

import type { JsonValue, RunView } from '../../../bindings/wire';
import { useDo, useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { JsonArea } from '../../../ui/JsonArea';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Read } from '../../../ui/Read';
import { masked } from '../../chains/data/private';
import { groups, type Group } from './groups';

interface Props {
  runs: RunView[];
  onDone: () => void;
  onClose: () => void;
}

/** So many chains are told of one by one. */
const TOLD = 6;

/** Asks before runs are run again: how many, what each of them does, and with what. */
export function AgainDialog({ runs, onDone, onClose }: Props) {
  const [edited, setEdited] = useState(false);
  const [text, setText] = useState<string>();
  const [wrong, setWrong] = useState(false);
  const [seen, setSeen] = useState(false);
  const [latest, setLatest] = useState(false);
  const again = useDo('run_again', { touches: ['run_list'], onSuccess: onDone });
  const all = groups(runs);
  // To begin with, what the newest of them had.
  const { had, isPrivate } = useInput(all[0]?.newest ?? '', edited);
  const hidden = isPrivate && !seen && text === undefined;
  // Nothing starts with an input that is still on its way here.
  const waits = edited && text === undefined && (had === undefined || hidden);
  const start = (dryRun: boolean) => {
    try {
      // None means the input that each of them had.
      const input = edited ? (JSON.parse(text ?? had ?? '') as JsonValue) : null;
      again.mutate({ runs: runs.map((run) => run.id), input, latest, dry_run: dryRun });
    } catch {
      setWrong(true);
    }
  };
  return (
    <Modal opened onClose={onClose} size={560} title={t('runs.again.title', { count: runs.length })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        <p>{t('runs.again.about')}</p>
        {all.slice(0, TOLD).map((group) => (
          <Does key={group.newest} group={group} />
        ))}
        {all.length > TOLD && <p className="meta">{t('runs.again.more', { count: all.length - TOLD })}</p>}
        <SegmentedControl
          aria-label={t('runs.again.input')}
          data={[
            { value: 'same', label: t('runs.again.same') },
            { value: 'other', label: t('runs.again.other') },
          ]}
          value={edited ? 'other' : 'same'}
          onChange={(value) => setEdited(value === 'other')}
        />
        {edited && hidden && (
          <div className="stack tight" data-testid="again-hidden">
            <p>{t('runs.again.private')}</p>
            <div className="row">
              <Button size="xs" leftSection={<Eye size={14} aria-hidden />} onClick={() => setSeen(true)}>
                {t('runs.again.showPrivate')}
              </Button>
              <Button size="xs" variant="subtle" onClick={() => setText('')}>
                {t('runs.again.begin')}
              </Button>
            </div>
          </div>
        )}
        {edited && !hidden && <JsonArea label={t('chains.confirm.input')} description={t('runs.again.inputHelp')} wrong={wrong} value={text ?? had ?? ''} onText={setText} />}
        <Checkbox label={t('runs.again.latest')} checked={latest} onChange={(event) => setLatest(event.currentTarget.checked)} />
        {again.isError && <ProblemBlock problem={toProblem(again.error)} />}
        <div className="row end">
          <Button variant="subtle" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button disabled={again.isPending || waits} onClick={() => start(true)}>
            {t('chains.confirm.dry')}
          </Button>
          <Button variant="filled" loading={again.isPending} disabled={waits} onClick={() => start(false)} data-autofocus>
            {t('runs.again.go', { count: runs.length })}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** What runs of one version of a chain do, as the check before the newest of them said. */
function Does({ group }: { group: Group }) {
  const read = useRead('run_report', { run: group.newest });
  return (
    <section className="card again-group">
      <h3 className="cut">
        {visible(group.chain)} <span className="meta">{t('runs.again.of', { count: group.count, version: group.version })}</span>
      </h3>
      <Read read={read} rows={1}>
        {({ report }) => {
          const effects = report.check.filter((finding) => finding.level === 'effect');
          return effects.length > 0 ? (
            <ul className="run-effects">
              {effects.map((finding, index) => (
                <li key={index}>{visible(finding.text)}</li>
              ))}
            </ul>
          ) : (
            <p className="meta">{t('runs.again.notKnown')}</p>
          );
        }}
      </Read>
    </section>
  );
}

/** The input that a run had, whole and as JSON, and whether something in it is private; none while it is read. */
function useInput(run: string, enabled: boolean): { had: string | undefined; isPrivate: boolean } {
  const report = useRead('run_report', { run }, { enabled });
  const step = report.data?.report.steps[0]?.step;
  const { data } = useRead('run_data', { run, step: step ?? '', limit: 1, whole: true }, { enabled: enabled && step !== undefined });
  if (!data) return { had: undefined, isPrivate: false };
  const given = data.items[0]?.given ?? null;
  const isPrivate = given !== null && (data.givenUnknown || masked(given, '$', data.private, NOTHING).masks.size > 0);
  return { had: JSON.stringify(given, null, 2), isPrivate };
}

const NOTHING: ReadonlySet<string> = new Set();
