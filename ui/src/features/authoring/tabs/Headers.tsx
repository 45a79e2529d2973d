import type { ShownHeader } from '../../../bindings/wire';
import { visible } from '../../../lib/format';

/** Headers of a request or an answer. */
export function Headers({ headers }: { headers: ShownHeader[] }) {
  if (headers.length === 0) return null;
  return (
    <dl className="facts au-headers mono">
      {headers.map(({ name, value }, index) => (
        <div key={index} className="au-header">
          <dt>{visible(name)}</dt>
          <dd>{visible(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
