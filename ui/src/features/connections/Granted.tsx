import type { ConnectionView } from '../../bindings/wire';
import { useRead } from '../../engine';
import { visible } from '../../lib/format';
import { Access } from '../connect/Permissions';
import { rowOf, usesOf } from '../connect/signIn/scopes';

/** What the person has allowed, in the definition's words where it knows them. */
export function Granted({ connection }: { connection: ConnectionView }) {
  const { data } = useRead('connector_show', { connector: connection.connector });
  const oauth = data?.auth.find((method) => method.id === connection.auth)?.oauth ?? null;
  const uses = data ? usesOf(data) : [];
  return (
    <ul className="cn-granted">
      {connection.scopes.map((scope) => {
        const row = rowOf(oauth, uses, scope);
        return (
          <li key={scope} title={visible(scope)}>
            <Access write={row.access === 'write'} />
            {visible(row.label)}
          </li>
        );
      })}
    </ul>
  );
}
