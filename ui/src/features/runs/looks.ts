import { Unplug } from 'lucide-react';
import type { ComponentProps } from 'react';

import type { Pill } from '../../ui/states';

type Look = ComponentProps<typeof Pill>['look'];

/** A run whose engine has ended: nobody works on it now, and nothing of it is lost. */
export const INTERRUPTED: Look = { word: 'runs.interrupted.word', tone: 'warn', icon: Unplug };
