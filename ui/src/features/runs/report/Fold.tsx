import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

interface Props {
  title: ReactNode;
  aside?: ReactNode;
  open?: boolean;
  children: ReactNode;
}

/** A line that unfolds. What is inside is made when it is opened. */
export function Fold({ title, aside, open = false, children }: Props) {
  const [opened, setOpened] = useState(open);
  return (
    <details className="run-fold" open={opened} onToggle={(event) => event.currentTarget === event.target && setOpened(event.currentTarget.open)}>
      <summary>
        <ChevronRight size={16} aria-hidden className="run-fold-mark" />
        <span className="cut run-fold-title">{title}</span>
        {aside && <span className="meta figures run-fold-aside">{aside}</span>}
      </summary>
      {opened && <div className="run-fold-body">{children}</div>}
    </details>
  );
}
