import type { RunReport } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { t } from '../../../lib/words';
import { Read } from '../../../ui/Read';
import { DataView } from '../../chains/data/DataView';
import { Fold } from './Fold';
import { Part } from './Part';

/** What the run was started with. It is asked for when it is looked at: a long run takes a while to go through. */
export function Inputs({ report }: { report: RunReport }) {
  const first = report.steps[0]?.step;
  if (first === undefined) return null;
  return (
    <Part title={t('runs.inputs.title')}>
      <Fold title={t('runs.inputs.fold')}>
        <Input run={report.run} first={first} />
      </Fold>
    </Part>
  );
}

/** What went into the first step, which goes through no list: the input itself, masked as in the editor. */
function Input({ run, first }: { run: string; first: string }) {
  const read = useRead('run_data', { run, step: first, limit: 1 });
  return (
    <Read read={read} rows={2}>
      {({ items: [item], private: fields, givenUnknown }) =>
        item === undefined ? (
          <p className="meta">{t('runs.inputs.notBegun')}</p>
        ) : (
          <>
            <DataView title={t('runs.inputs.input')} value={item.given ?? undefined} path="$.input" privates={fields} hidden={givenUnknown && item.given !== null ? t('chains.data.unknown') : undefined} none={t('runs.inputs.none')} />
            {item.given !== null && item.cut && <p className="meta">{t('runs.inputs.cut')}</p>}
          </>
        )
      }
    </Read>
  );
}
