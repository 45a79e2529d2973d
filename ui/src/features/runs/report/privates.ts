import { createContext, use, useMemo } from 'react';

import type { RunReport, StepPrivacy } from '../../../bindings/wire';
import type { PrivateField, Privates } from '../../chains/data/private';

interface OfRun {
  fields: readonly PrivateField[];
  steps: ReadonlyMap<string, StepPrivacy>;
}

/** What of a run's data is private, as the engine says; undefined where nobody does: then nothing is shown. */
export const PrivateFields = createContext<OfRun | undefined>(undefined);

/** What of a step's data is private; undefined where nobody says. */
export function usePrivates(step: string): Privates | undefined {
  const run = use(PrivateFields);
  const privacy = run?.steps.get(step);
  return useMemo(() => run && privacy && { fields: run.fields, privacy }, [run, privacy]);
}

/** What the report says of it. */
export function usePrivatesOf(report: RunReport): OfRun {
  // A report is read again while it runs: what is private stays the same.
  const said = JSON.stringify([report.private, report.steps.map(({ step, privacy }) => [step, privacy])]);
  return useMemo(() => {
    const [fields, steps] = JSON.parse(said) as [PrivateField[], [string, StepPrivacy][]];
    return { fields, steps: new Map(steps) };
  }, [said]);
}
