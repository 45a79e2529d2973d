import { ListTree } from 'lucide-react';
import { useMemo } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Empty } from '../../../ui/Empty';
import { fieldsOf, pathOf } from '../paths';

/** The fields that items were found to have. */
export function FieldsTab({ items }: { items: JsonValue[] }) {
  const fields = useMemo(() => fieldsOf(items), [items]);
  if (fields.length === 0) return <Empty icon={ListTree} text={t('authoring.noItems')} />;
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('authoring.column.path')}</th>
            <th scope="col">{t('authoring.column.kind')}</th>
            <th scope="col">{t('authoring.column.example')}</th>
            <th scope="col" className="number">
              {t('authoring.column.in')}
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={pathOf(field.place)}>
              <td className="mono au-break">{visible(pathOf(field.place))}</td>
              <td>{field.type}</td>
              <td className="au-example cut">{visible(JSON.stringify(field.example).slice(0, 120))}</td>
              <td className="number">{t('authoring.share', { count: field.count, total: items.length })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
