// What became of each item, as a table for other programs.
import type { ItemData, RunReport } from '../../../bindings/wire';
import { send } from '../../../engine';
import { itemWithout } from '../../chains/data/private';

/** At most so many items of a step are in one answer. */
const PAGE = 200;

/** One line per item and step: RFC 4180. A cell that a table program would take for a formula is marked as text. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** The lines of a step's items. */
export function rowsOf(step: { step: string; name: string }, items: readonly ItemData[]): string[][] {
  return items.map(({ item, outcome }) => {
    const problem = outcome && 'problem' in outcome ? outcome.problem : undefined;
    const output = outcome?.outcome === 'done' ? outcome.output : undefined;
    return [step.name, String(item + 1), outcome?.outcome ?? 'open', problem ? `${problem.title}. ${problem.hint}` : '', output === undefined || output === null ? '' : typeof output === 'string' ? output : JSON.stringify(output)];
  });
}

/** Every item of every step that has begun; with private values where they are `open`. */
export async function itemsCsv(report: RunReport, head: readonly string[], open: boolean): Promise<string> {
  const rows: (readonly string[])[] = [head];
  for (const step of report.steps.filter((own) => own.itemsIn > 0)) {
    for (let read = 0; ; ) {
      const { items, total } = await send('run_data', { run: report.run, step: step.step, offset: read, limit: PAGE, whole: true });
      const privates = { fields: report.private, privacy: step.privacy };
      rows.push(...rowsOf(step, open ? items : items.map((item) => itemWithout(item, privates))));
      read += items.length;
      if (items.length === 0 || read >= total) break;
    }
  }
  return csvOf(rows);
}
