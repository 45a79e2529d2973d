import { DASH, formatCount, formatValue, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mask } from './Mask';
import type { Masks } from './private';
import { cell, type Picked, type Rows } from './values';

interface Props {
  rows: Rows;
  label: string;
  picked: Picked | undefined;
  onPick: (picked: Picked) => void;
  /** Where a mask stands for something private. */
  masks: Masks;
  onShow: (path: string) => void;
}

/** Items below each other, their fields side by side. */
export function DataTable({ rows: { columns, rows, total, more }, label, picked, onPick, masks, onShow }: Props) {
  return (
    <>
      <div className="data-table" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              {columns.length === 0 ? <th scope="col">{t('chains.data.value')}</th> : columns.map((column) => <th scope="col" key={column}>{visible(column)}</th>)}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.path}>
                {columns.length === 0 ? (
                  <Cell own={row} name={t('chains.data.value')} picked={picked} onPick={onPick} masks={masks} onShow={onShow} />
                ) : (
                  columns.map((column) => <Cell key={column} own={cell(row, column)} name={column} picked={picked} onPick={onPick} masks={masks} onShow={onShow} />)
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(total > rows.length || more > 0) && (
        <p className="meta">
          {total > rows.length && t('chains.data.rows', { shown: formatCount(rows.length), of: formatCount(total) })} {more > 0 && t('chains.data.columns', { count: more })}
        </p>
      )}
    </>
  );
}

function Cell({ own, name, picked, onPick, masks, onShow }: { own: Picked | undefined; name: string } & Pick<Props, 'picked' | 'onPick' | 'masks' | 'onShow'>) {
  if (!own) return <td />;
  if (masks.has(own.path)) {
    return (
      <td>
        <Mask name={name} onShow={() => onShow(own.path)} />
      </td>
    );
  }
  return (
    <td>
      <button type="button" className="data-cell" aria-pressed={picked?.path === own.path} onClick={() => onPick(own)}>
        {formatValue(own.value, 60) || DASH}
      </button>
    </td>
  );
}
