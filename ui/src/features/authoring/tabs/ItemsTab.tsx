import { Inbox } from 'lucide-react';
import { useState } from 'react';

import type { ExplainedPage, JsonValue } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Empty } from '../../../ui/Empty';

/** Items as the service sent them. */
export function ItemsTab({ page }: { page: ExplainedPage }) {
  if (page.items.length === 0) return <Empty icon={Inbox} text={t(page.found > 0 ? 'authoring.itemsBeyond' : 'authoring.noItems')} />;
  return (
    <ul className="au-items" role="list">
      {page.items.map((item, index) => (
        <Item key={index} item={item} number={index + 1} first={index === 0} />
      ))}
    </ul>
  );
}

function Item({ item, number, first }: { item: JsonValue; number: number; first: boolean }) {
  const [open, setOpen] = useState(first);
  return (
    <li>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="figures meta">{number}</span>
          <span className="cut mono">{visible(JSON.stringify(item).slice(0, 160))}</span>
        </summary>
        {open && (
          <pre className="json" tabIndex={0} aria-label={t('authoring.item', { number })}>
            {visible(JSON.stringify(item, null, 2))}
          </pre>
        )}
      </details>
    </li>
  );
}
