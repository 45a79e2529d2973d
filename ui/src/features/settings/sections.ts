import { Bell, Cpu, Database, FlaskConical, HeartPulse, Info, Keyboard, Layers, Network, ShieldCheck, SlidersHorizontal, Webhook, type LucideIcon } from 'lucide-react';

import type { WordKey } from '../../lib/words';

/** A part of the settings: its place is `/settings/ID`. */
export interface Section {
  id: string;
  word: WordKey;
  icon: LucideIcon;
  /** Other words it is found by. */
  also: string;
}

/** In the order of the page. */
export const SECTIONS = [
  { id: 'general', word: 'settings.general.title', icon: SlidersHorizontal, also: 'theme dark light language zoom start at login background graphics appearance' },
  { id: 'workspaces', word: 'settings.workspaces.title', icon: Layers, also: 'workspace switch create rename delete' },
  { id: 'notifications', word: 'settings.notices.title', icon: Bell, also: 'notify alert' },
  { id: 'health', word: 'settings.health.title', icon: HeartPulse, also: 'rules slow failing trouble limits' },
  { id: 'gateway', word: 'webhook.gateway', icon: Webhook, also: 'port tunnel address' },
  { id: 'security', word: 'settings.security', icon: ShieldCheck, also: 'keyring passphrase lock keys secrets forget' },
  { id: 'data', word: 'settings.data', icon: Database, also: 'export import backup size retention erase audit' },
  { id: 'network', word: 'settings.network.title', icon: Network, also: 'proxy certificates firewall' },
  { id: 'sandbox', word: 'settings.sandbox.title', icon: FlaskConical, also: 'faults trouble reset break pretend' },
  { id: 'engine', word: 'settings.engine.title', icon: Cpu, also: 'limits tries calls logs' },
  { id: 'shortcuts', word: 'settings.shortcuts.title', icon: Keyboard, also: 'keyboard keys letters' },
  { id: 'about', word: 'settings.about.title', icon: Info, also: 'version licences logs diagnostics support' },
] as const satisfies readonly Section[];
