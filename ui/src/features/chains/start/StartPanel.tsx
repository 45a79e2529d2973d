import { Button, Switch } from '@mantine/core';
import { Zap } from 'lucide-react';

import type { Chain } from '../../../bindings/wire';
import { useDo, useRead } from '../../../engine';
import { formatAgo, formatMoment, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { Panel } from '../../../ui/Panel';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Read } from '../../../ui/Read';
import type { Tools } from '../useTools';
import { sampleOf, useSample } from '../sample';
import { RunForm } from './RunForm';
import { SamplePart } from './SamplePart';
import { TriggerForm } from './TriggerForm';

interface Props {
  /** None while the chain is not kept yet. */
  chainId: string | undefined;
  /** The version that is kept. */
  version: number;
  chain: Chain;
  tools: Tools;
  change: (update: (chain: Chain) => Chain) => void;
  /** Keeps what is open; nothing where that failed. */
  flush: () => Promise<{ id: string; version: number } | undefined>;
  onClose: () => void;
}

/** What starts a chain, whether it does, which version it starts, and what came of it. */
export function StartPanel({ chainId, version, chain, tools, change, flush, onClose }: Props) {
  const sample = sampleOf(useSample((state) => state.sample), chainId);
  return (
    <Panel icon={<Zap size={20} aria-hidden />} title={t('chains.start.title')} subtitle={t('chains.start.about')} onClose={onClose}>
      <div className="stack tab-note">
        <TriggerForm trigger={chain.trigger} concurrency={chain.concurrency} tools={tools} change={change} />
        <RunForm chain={chain} change={change} />
        {sample && <SamplePart sample={sample} />}
        {chainId && <AtWork chainId={chainId} version={version} flush={flush} byHand={chain.trigger.type === 'manual'} />}
        {chainId && <Versions chainId={chainId} change={change} />}
        {chainId && <Firings chainId={chainId} />}
      </div>
    </Panel>
  );
}

const TOUCHES = ['chain_show', 'chain_list', 'chain_versions', 'chain_firings'] as const;

/** On or off, and the version that runs. */
function AtWork({ chainId, version, flush, byHand }: Pick<Props, 'version' | 'flush'> & { chainId: string; byHand: boolean }) {
  const shown = useRead('chain_show', { chain: chainId }, { keep: true });
  const publish = useDo('chain_publish', { touches: [...TOUCHES] });
  const turn = useDo('chain_switch', { touches: [...TOUCHES] });
  const failed = publish.error ?? turn.error;
  return (
    <Read read={shown} rows={2}>
      {(work) => {
        const draft = work.published !== null && work.published !== version;
        return (
          <section className="stack" aria-label={t('chains.start.atWork')}>
            <Switch
              checked={work.on}
              disabled={turn.isPending || (byHand && !work.on)}
              label={work.on ? t('chains.start.on') : t('chains.start.off')}
              description={byHand && !work.on ? t('chains.start.onlyYou') : work.starts ? t('chains.start.starts', { starts: work.starts }) : undefined}
              onChange={(event) => {
                const on = event.currentTarget.checked;
                void flush().then((kept) => kept && turn.mutate({ chain: kept.id, on }));
              }}
            />
            {work.paused && <p className="meta">{t('chains.start.paused')}</p>}
            {work.published !== null && (
              <div className="spread">
                <span className="meta">{draft ? t('chains.start.draft', { published: work.published, latest: version }) : t('chains.start.same', { published: work.published })}</span>
                {draft && (
                  <Button size="xs" variant="filled" loading={publish.isPending} onClick={() => void flush().then((kept) => kept && publish.mutate({ chain: kept.id, version: kept.version }))}>
                    {t('chains.start.publish')}
                  </Button>
                )}
              </div>
            )}
            {failed ? <ProblemBlock problem={toProblem(failed)} /> : null}
          </section>
        );
      }}
    </Read>
  );
}

/** What was saved before, with what differs, and back to it. */
function Versions({ chainId, change }: { chainId: string; change: Props['change'] }) {
  const versions = useRead('chain_versions', { chain: chainId }, { keep: true });
  return (
    <section className="stack" aria-labelledby="chain-versions">
      <h3 id="chain-versions">{t('chains.start.versions')}</h3>
      <Read read={versions} rows={2}>
        {(data) => (
          <ol className="versions">
            {data.versions.map((version, at) => (
              <li key={version.version}>
                <div className="spread">
                  <span>
                    {t('chains.start.version', { version: version.version })} <span className="meta">{formatAgo(version.savedAt)}</span>
                    {version.published && <span className="pill ok"> {t('chains.start.published')}</span>}
                  </span>
                  {at > 0 && (
                    <Button size="compact-xs" variant="subtle" onClick={() => change(() => version.chain)}>
                      {t('chains.start.back')}
                    </Button>
                  )}
                </div>
                {version.changes.map((line) => (
                  <p key={line} className="meta">
                    {visible(line)}
                  </p>
                ))}
              </li>
            ))}
          </ol>
        )}
      </Read>
    </section>
  );
}

/** What became of the events that it waited for. */
function Firings({ chainId }: { chainId: string }) {
  const firings = useRead('chain_firings', { chain: chainId }, { keep: true });
  return (
    <section className="stack" aria-labelledby="chain-firings">
      <h3 id="chain-firings">{t('chains.start.events')}</h3>
      <Read read={firings} rows={1}>
        {(data) =>
          data.firings.length === 0 ? (
            <p className="meta">{t('chains.start.noEvents')}</p>
          ) : (
            <ul className="versions">
              {data.firings.slice(0, 20).map((firing) => (
                <li key={firing.event} className="spread">
                  <time dateTime={firing.at} className="meta figures">
                    {formatMoment(firing.at)}
                  </time>
                  {firing.run ? <a href={`#/runs/${encodeURIComponent(firing.run)}`}>{t('chains.start.result.started')}</a> : <span>{t(`chains.start.result.${firing.result}`)}</span>}
                </li>
              ))}
            </ul>
          )
        }
      </Read>
    </section>
  );
}
