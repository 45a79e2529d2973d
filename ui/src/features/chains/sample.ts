import { create } from 'zustand';

import type { SignalView } from '../../bindings/wire';

/** A chain that is not kept yet. */
export const NEW = 'new';

/** The signal that stands for what starts a chain, as long as the window is open. */
export interface Sample {
  /** The chain; `new` for one that is not kept yet. */
  chain: string;
  /** The signal's number. */
  signal: number;
  summary: string;
  connection: string;
  stream: string;
}

export const useSample = create<{ sample: Sample | undefined }>(() => ({ sample: undefined }));

/** Takes a signal as the sample of a chain; none where its connection is gone. */
export function chooseSample(chain: string, signal: SignalView): boolean {
  if (signal.connectionName === null) return false;
  useSample.setState({ sample: { chain, signal: signal.id, summary: signal.summary, connection: signal.connectionName, stream: signal.stream } });
  return true;
}

/** The sample of a chain. */
export const sampleOf = (sample: Sample | undefined, chain: string | undefined): Sample | undefined => (sample?.chain === (chain ?? NEW) ? sample : undefined);

/** A chain that was new has its name now. */
export function sampleMade(id: string): void {
  const { sample } = useSample.getState();
  if (sample?.chain === NEW) useSample.setState({ sample: { ...sample, chain: id } });
}

export const forgetSample = (): void => useSample.setState({ sample: undefined });

/** A run whose results stand for what the steps of its chain give, as long as the window is open. */
export interface SampleRun {
  chain: string;
  run: string;
  /** When it was asked for. */
  at: string;
}

export const useSampleRun = create<{ sample: SampleRun | undefined }>(() => ({ sample: undefined }));

export const chooseRun = (sample: SampleRun): void => useSampleRun.setState({ sample });

/** The run that was chosen for a chain. */
export const runOf = (sample: SampleRun | undefined, chain: string | undefined): SampleRun | undefined => (chain !== undefined && sample?.chain === chain ? sample : undefined);

export const forgetRun = (): void => useSampleRun.setState({ sample: undefined });
