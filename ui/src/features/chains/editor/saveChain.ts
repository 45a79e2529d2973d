import type { Chain, ChainSaved, Problem } from '../../../bindings/wire';
import { platform, toProblem } from '../../../platform';

/**
 * Keeps it where it was opened, whatever is shown by now. A new chain whose name is taken gets the next free one by itself.
 * What was saved elsewhere after the version that was changed, `base`, is not overwritten; without one it is.
 */
export async function saveChain(workspace: string, id: string | undefined, chain: Chain, base: number): Promise<ChainSaved> {
  try {
    return await platform.call(workspace, 'chain_save', { id: id ?? null, chain, base: id !== undefined && base > 0 ? base : null });
  } catch (error) {
    if (id || toProblem(error).code !== 'CONFLICT') throw error;
    return platform.call(workspace, 'chain_save', { id: null, chain: { ...chain, name: await freeName(workspace, chain.name) } });
  }
}

/** Whether it was refused because somebody saved the chain elsewhere meanwhile. */
export const isOvertaken = (problem: Problem | undefined): boolean => problem?.code === 'CONFLICT' && problem.subject?.kind === 'chain';

async function freeName(workspace: string, wanted: string): Promise<string> {
  const { chains } = await platform.call(workspace, 'chain_list', {});
  const taken = new Set(chains.map((chain) => chain.name));
  for (let n = 2; ; n += 1) {
    const name = `${wanted} ${n}`;
    if (!taken.has(name)) return name;
  }
}
