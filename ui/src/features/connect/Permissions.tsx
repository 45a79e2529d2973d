import { Eye, Pencil } from 'lucide-react';

import type { ConnectorDetail } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';

/** How many actions are named; the rest is counted. */
const NAMED = 8;

interface Row {
  scope: string;
  write: boolean;
  titles: string[];
}

/** The permissions of a connector: what each is called, whether it changes anything, and what it is for. */
function rowsOf(detail: ConnectorDetail): Row[] {
  const rows = new Map<string, Row>();
  for (const operation of detail.operations) {
    for (const scope of operation.scopes.length > 0 ? operation.scopes : ['']) {
      // A permission that one action needs to change something is a permission to write.
      const key = scope || (operation.effect ? 'write' : 'read');
      const row = rows.get(key) ?? { scope, write: false, titles: [] };
      row.write ||= operation.effect;
      row.titles.push(operation.title);
      rows.set(key, row);
    }
  }
  return [...rows.values()].sort((a, b) => Number(a.write) - Number(b.write));
}

/** Read and write, in plain words. */
export function Permissions({ detail }: { detail: ConnectorDetail }) {
  const rows = rowsOf(detail);
  if (rows.length === 0) return null;
  return (
    <ul className="cw-permissions">
      {rows.map((row) => (
        <li key={`${row.scope}${row.write}`}>
          <Access write={row.write} />
          <span>
            {row.scope && <span className="cw-scope">{visible(row.scope)}</span>}
            <span className="cw-titles">{sentence(row.titles)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Whether something is read or changed. */
export function Access({ write }: { write: boolean }) {
  const Icon = write ? Pencil : Eye;
  return (
    <span className={`cw-access ${write ? 'write' : 'read'}`}>
      <Icon size={12} aria-hidden />
      {t(write ? 'connect.write' : 'connect.read')}
    </span>
  );
}

function sentence(titles: string[]): string {
  const named = [...new Set(titles.map(visible))];
  const rest = named.length - NAMED;
  return [...named.slice(0, NAMED), ...(rest > 0 ? [t('connect.andMore', { count: rest })] : [])].join(', ');
}
