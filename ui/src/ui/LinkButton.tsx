import { Button } from '@mantine/core';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';

import { platform } from '../platform';

interface Shared {
  /** Beside small text: smaller, with its picture behind. */
  small?: boolean;
  children: ReactNode;
}

interface Page extends Shared {
  /** The page that it opens in the browser. */
  url: string;
}

interface Act extends Shared {
  icon: ReactNode;
  /** What it does here. */
  onClick: () => void;
}

/** A button in the shape of a link: opens a page in the browser, or does something small where it stands. */
export function LinkButton(props: Page | Act) {
  const { small = false, children } = props;
  const icon = 'url' in props ? <ExternalLink size={small ? 12 : 14} aria-hidden /> : props.icon;
  const act = 'url' in props ? () => void platform.openUrl(props.url) : props.onClick;
  return (
    <Button h={24} px={0} variant="transparent" className="cw-link" {...(small ? { size: 'xs', rightSection: icon } : { leftSection: icon })} onClick={act}>
      {children}
    </Button>
  );
}
