import { MultiSelect, NumberInput, Select } from '@mantine/core';

import type { Chain, Concurrency, Overlap, Predicate, RunState, Trigger } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { t } from '../../../lib/words';
import { RUN } from '../../../ui/states';
import { Conditions } from '../step/Conditions';
import type { Tools } from '../useTools';
import { InputForm } from './InputForm';
import { Kept } from './Kept';

type Kind = Trigger['type'];
const KINDS: Kind[] = ['manual', 'schedule', 'interval', 'signal', 'webhook', 'chain', 'file'];
const ENDS: RunState[] = ['done', 'done_with_problems', 'failed', 'failed_undone', 'stopped'];
const OVERLAPS: Overlap[] = ['queue', 'skip', 'cancel_oldest', 'parallel'];
/** What a document means that says nothing of it; the engine's own defaults. */
const CONCURRENCY: Concurrency = { overlap: 'queue', most: 4, key: null, effectsPerDay: 1_000 };

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** What a kind begins with. */
export function fresh(kind: Kind, connection: string, chain: string): Trigger {
  switch (kind) {
    case 'schedule':
      return { type: 'schedule', cron: '0 9 * * 1-5', zone: zone(), missed: 'catch_up' };
    case 'interval':
      return { type: 'interval', seconds: 3_600, missed: 'skip' };
    case 'signal':
      return { type: 'signal', connection };
    case 'webhook':
      return { type: 'webhook', connection };
    case 'chain':
      return { type: 'chain', chain };
    case 'file':
      return { type: 'file', connection };
    case 'manual':
      return { type: 'manual' };
  }
}

interface Props {
  trigger: Trigger;
  concurrency: Concurrency | null | undefined;
  tools: Tools;
  change: (update: (chain: Chain) => Chain) => void;
}

/** What starts a chain, as a form. */
export function TriggerForm({ trigger, concurrency, tools, change }: Props) {
  const chains = useRead('chain_list', {});
  const names = (chains.data?.chains ?? []).map((chain) => chain.name);
  const connections = tools.connections.map((connection) => connection.name);
  const from = trigger.type === 'signal' ? tools.connections.find((connection) => connection.name === trigger.connection) : undefined;
  const streams = (from && tools.connectors.get(from.connector)?.streams) ?? [];
  const set = (next: Trigger) => change((chain) => ({ ...chain, trigger: next }));
  const policy = concurrency ?? CONCURRENCY;
  const limit = (part: Partial<Concurrency>) => change((chain) => ({ ...chain, concurrency: { ...policy, ...part } }));
  return (
    <>
      <Select
        label={t('chains.start.kind')}
        value={trigger.type}
        data={KINDS.map((kind) => ({ value: kind, label: t(`chains.start.kinds.${kind}`) }))}
        onChange={(value) => value && value !== trigger.type && set(fresh(value as Kind, connections[0] ?? '', names[0] ?? ''))}
        allowDeselect={false}
      />
      {trigger.type === 'schedule' && (
        <div className="two">
          <Kept label={t('chains.start.cron')} description={t('chains.start.cronHelp')} value={trigger.cron} onKeep={(cron) => set({ ...trigger, cron })} />
          <Kept label={t('chains.start.zone')} description={t('chains.start.zoneHelp')} value={trigger.zone} onKeep={(value) => set({ ...trigger, zone: value })} />
        </div>
      )}
      {trigger.type === 'interval' && (
        <NumberInput label={t('chains.start.every')} suffix={` ${t('chains.start.minutes')}`} min={1} max={44_640} clampBehavior="strict" value={Math.max(1, Math.round(trigger.seconds / 60))} onChange={(value) => typeof value === 'number' && set({ ...trigger, seconds: value * 60 })} />
      )}
      {(trigger.type === 'schedule' || trigger.type === 'interval') && (
        <Select
          label={t('chains.start.missed')}
          value={trigger.missed}
          data={[
            { value: 'catch_up', label: t('chains.start.catchUp') },
            { value: 'skip', label: t('chains.start.skipMissed') },
          ]}
          onChange={(value) => value && set({ ...trigger, missed: value === 'skip' ? 'skip' : 'catch_up' })}
          allowDeselect={false}
        />
      )}
      {(trigger.type === 'signal' || trigger.type === 'webhook' || trigger.type === 'file') && (
        <Select label={t('chains.settings.connection')} placeholder={t('chains.settings.noConnection')} value={trigger.connection || null} data={connections} onChange={(value) => value && set({ ...trigger, connection: value })} allowDeselect={false} searchable />
      )}
      {trigger.type === 'signal' && streams.length > 0 && (
        <Select
          label={t('chains.start.stream')}
          value={trigger.stream ?? ''}
          data={[{ value: '', label: t('chains.start.anyStream') }, ...streams.map((stream) => ({ value: stream.id, label: stream.title }))]}
          onChange={(value) => set({ ...trigger, stream: value || null })}
          allowDeselect={false}
        />
      )}
      {(trigger.type === 'signal' || trigger.type === 'webhook') && (
        <Conditions label={t('chains.start.filter')} conditions={trigger.filter ?? []} example="$.tags[*]" onChange={(filter: Predicate[]) => set({ ...trigger, filter })} />
      )}
      {trigger.type === 'manual' && <InputForm input={trigger.input ?? null} onKeep={(input) => set({ ...trigger, input })} />}
      {trigger.type === 'file' && <Kept label={t('chains.start.folder')} description={t('chains.start.folderHelp')} value={trigger.folder ?? ''} onKeep={(folder) => set({ ...trigger, folder })} />}
      {trigger.type === 'file' && <Kept label={t('chains.start.ending')} description={t('chains.start.endingHelp')} value={trigger.ending ?? ''} onKeep={(ending) => set({ ...trigger, ending })} />}
      {trigger.type === 'chain' && <Select label={t('chains.start.after')} value={trigger.chain || null} data={names} onChange={(value) => value && set({ ...trigger, chain: value })} allowDeselect={false} searchable />}
      {trigger.type === 'chain' && (
        <MultiSelect
          label={t('chains.start.ends')}
          description={t('chains.start.endsHelp')}
          value={trigger.on ?? []}
          data={ENDS.map((state) => ({ value: state, label: t(RUN[state].word) }))}
          onChange={(on) => set({ ...trigger, on: on as RunState[] })}
        />
      )}
      {trigger.type !== 'manual' && (
        <>
          <Select label={t('chains.start.overlap')} value={policy.overlap} data={OVERLAPS.map((overlap) => ({ value: overlap, label: t(`chains.start.overlaps.${overlap}`) }))} onChange={(value) => value && limit({ overlap: value as Overlap })} allowDeselect={false} />
          <div className="two">
            <Kept label={t('chains.start.key')} description={t('chains.start.keyHelp')} value={policy.key ?? ''} onKeep={(key) => limit({ key: key || null })} />
            <NumberInput label={t('chains.start.cap')} min={1} max={1_000_000} clampBehavior="strict" value={policy.effectsPerDay} onChange={(value) => typeof value === 'number' && limit({ effectsPerDay: value })} />
          </div>
        </>
      )}
    </>
  );
}
