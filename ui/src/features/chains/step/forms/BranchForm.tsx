import { ActionIcon, Button } from '@mantine/core';
import { Plus, Trash2 } from 'lucide-react';

import type { Chain, Way } from '../../../../bindings/wire';
import { t } from '../../../../lib/words';
import { changeStep } from '../../document';
import { SECTIONS, stepsOf } from '../../flow/outline';
import { Kept } from '../../start/Kept';
import { Conditions } from '../Conditions';
import type { FormProps } from './LogicForm';

/** The ways of a branch: the first whose conditions hold is taken. */
export function BranchForm({ step, change, logic, put }: FormProps<'branch'>) {
  const { ways } = logic;
  const set = (at: number, part: Partial<Way>) => put({ ...logic, ways: ways.map((way, index) => (index === at ? { ...way, ...part } : way)) });
  const taken = [...ways.map((way) => way.name), logic.otherwise ?? ''];
  /** Another name for a way; what is on it stays on it. */
  const rename = (from: string, to: string) => {
    if (!to || taken.includes(to)) return;
    change((chain) =>
      changeStep(moved(chain, step.id, from, to), step.id, (own) => {
        if (own.logic?.type !== 'branch') return own;
        const named = own.logic.ways.map((way) => (way.name === from ? { ...way, name: to } : way));
        return { ...own, logic: { ...own.logic, ways: named, otherwise: own.logic.otherwise === from ? to : own.logic.otherwise ?? null } };
      }),
    );
  };
  return (
    <>
      {ways.map((way, at) => (
        <section key={at} className="card stack way-form" aria-label={t('chains.logic.way', { name: way.name })}>
          <div className="row nowrap">
            <Kept label={t('chains.logic.wayName')} value={way.name} onKeep={(name) => rename(way.name, name)} />
            {ways.length > 1 && (
              <ActionIcon variant="subtle" color="gray" aria-label={t('chains.logic.removeWay', { name: way.name })} onClick={() => put({ ...logic, ways: ways.filter((_, index) => index !== at) })}>
                <Trash2 size={14} />
              </ActionIcon>
            )}
          </div>
          <Conditions label={t('chains.logic.wayWhen')} conditions={way.when} example={step.forEach ? '$.item.title' : '$.input'} onChange={(when) => set(at, { when })} />
        </section>
      ))}
      <div>
        <Button size="xs" leftSection={<Plus size={14} />} onClick={() => put({ ...logic, ways: [...ways, { name: free(taken), when: [{ path: step.forEach ? '$.item' : '$.input', operator: 'exists' }] }] })}>
          {t('chains.logic.addWay')}
        </Button>
      </div>
      <Kept
        label={t('chains.logic.otherwiseWay')}
        description={t('chains.logic.otherwiseWayHelp')}
        value={logic.otherwise ?? ''}
        onKeep={(name) => (logic.otherwise && name ? rename(logic.otherwise, name) : put({ ...logic, otherwise: name || null }))}
      />
    </>
  );
}

/** Steps of one way on another one. */
function moved(chain: Chain, branch: string, from: string, to: string): Chain {
  const next = { ...chain };
  for (const section of SECTIONS) {
    const steps = stepsOf(chain, section);
    if (steps.some((step) => step.on?.branch === branch)) next[section] = steps.map((step) => (step.on?.branch === branch && step.on.way === from ? { ...step, on: { branch, way: to } } : step));
  }
  return next;
}

function free(taken: string[]): string {
  for (let n = taken.length; ; n += 1) if (!taken.includes(`way ${n}`)) return `way ${n}`;
}
