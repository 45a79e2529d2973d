import type { FailedStep, FailureView, HealthDetail, HealthRange } from '../../bindings/wire';
import { formatAgo, visible } from '../../lib/format';
import { t } from '../../lib/words';

/** Steps that are named; the others are counted. */
const NAMED = 3;

/** What failed in the range, by what was asked for and reason. */
export function Failures({ detail, range }: { detail: HealthDetail; range: HealthRange }) {
  return (
    <section aria-labelledby="hl-failures">
      <h3 id="hl-failures">{t('health.panel.failures')}</h3>
      {detail.failures.length === 0 ? (
        <p className="meta">{t('health.panel.noFailures', { range: t(`health.rangeLong.${range}`) })}</p>
      ) : (
        <ul className="hl-failed" data-testid="failures">
          {detail.failures.map((group) => (
            <li key={`${group.operation} ${group.kind} ${group.code}`}>
              <div className="spread">
                <span>{visible(group.title)}</span>
                <span className={`figures ${group.counts ? 'hl-bad' : 'hl-quiet'}`}>{t('health.panel.times', { count: group.count })}</span>
              </div>
              <div className="meta">
                <span title={visible(group.operation)}>{asked(group)}</span>
                {` · ${[t('health.panel.last', { ago: formatAgo(group.lastAt) }), group.counts ? '' : t('health.panel.waits')].filter(Boolean).join(' · ')}`}
              </div>
              <Steps group={group} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What was asked for, in the connector's words; an address as it is. */
function asked({ kind, operation, operationTitle }: FailureView): string {
  if (operationTitle !== null) return visible(operationTitle);
  return (kind === 'read' && visible(operation)) || t(`health.panel.kind.${kind as 'test' | 'sync' | 'operation' | 'lookup' | 'read' | 'sign_in'}`);
}

/** The chains and steps that it failed in. */
function Steps({ group }: { group: FailureView }) {
  if (group.steps.length === 0) return null;
  const named = group.steps.slice(0, NAMED).map((step) => stepWords(step, group.operationTitle));
  const more = group.steps.length - named.length;
  return <div className="meta">{t(more > 0 ? 'health.panel.inStepsMore' : 'health.panel.inSteps', { steps: named.join(', '), count: more })}</div>;
}

/** A step that nobody named goes by what it asks for, which is said already: its chain is enough. */
function stepWords({ chain, name }: FailedStep, title: string | null): string {
  const unnamed = title !== null && name.endsWith(`: ${title}`);
  return t(unnamed ? 'health.panel.chain' : 'health.panel.stepOf', { chain: visible(chain), step: visible(name) });
}
