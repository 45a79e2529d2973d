// Commands that are always there: pages, settings, help; and those of the page that is shown.
import { FlaskConical, FolderInput, HelpCircle, Info, Keyboard, Lock, Moon, PanelLeft, Plus, ScrollText, Settings, Sun, SunMoon, Undo2, Upload, Layers, Zap, type LucideIcon } from 'lucide-react';

import type { SecretsStatus } from '../../bindings/wire';
import { SECTIONS } from '../../features/settings/sections';
import { visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { keysOf } from '../keys';
import { PAGES } from '../pages';
import { actionOf } from '../shortcuts';
import { THEMES } from '../themes';
import type { Command, Group } from './command';

const single = (id: string, group: Group, icon: LucideIcon, label: string, act: () => void, more: Partial<Command> = {}): Command => ({ id, group, icon, label, actions: [{ label, act }], ...more });

/** What the page that is shown listens to. */
export function pageCommands(address: string): Command[] {
  return (keysOf(address)?.keys ?? []).flatMap((key) => {
    const act = key.combination === undefined ? undefined : actionOf(key.combination);
    return act ? [single(`key ${key.combination}`, 'suggested', Zap, t(key.word), act, { keys: key.written })] : [];
  });
}

/** The pages, and the places within them. */
export function placeCommands(go: (path: string) => void): Command[] {
  const to = (path: string, icon: LucideIcon, word: WordKey, also: string, keys?: string) =>
    single(path, 'goTo', icon, t('shell.palette.goToPlace', { place: t(word) }), () => go(path), { also, ...(keys ? { keys } : {}) });
  return [
    ...PAGES.map((page, index) => to(page.path, page.icon, page.word, 'page', `Ctrl ${index + 1}`)),
    to('/settings/audit', ScrollText, 'audit.title', 'audit trail log history export'),
    to('/health/jobs/given-up', Undo2, 'health.givenUp.title', 'dead letters jobs retry background'),
    to('/start', FlaskConical, 'shell.palette.firstSteps', 'welcome onboarding begin tour'),
  ];
}

/** What settings commands need to know and to do. */
export interface Choices {
  go: (path: string) => void;
  theme: (value: keyof typeof THEMES) => void;
  sidebar: () => void;
  lock: () => void;
  secrets: SecretsStatus | undefined;
  workspaces: { name: string; label: string }[];
  workspace: string;
  choose: (workspace: string) => void;
}

/** Everything that can be set, and new things. */
export function settingsCommands({ go, theme, sidebar, lock, secrets, workspaces, workspace, choose }: Choices): Command[] {
  const icons = { auto: SunMoon, light: Sun, dark: Moon };
  const open = SECTIONS.map((section) => single(`settings ${section.id}`, 'settings', section.icon, t('shell.palette.section', { section: t(section.word) }), () => go(`/settings/${section.id}`), { also: `${section.also} preferences` }));
  const noLock = secrets?.store !== 'passphrase' ? t('shell.palette.why.keyring') : secrets.state === 'locked' ? t('shell.palette.why.locked') : undefined;
  return [
    single('new chain', 'suggested', Plus, t('shell.palette.newChain'), () => go('/chains/new'), { also: 'create build', keys: 'Ctrl N' }),
    single('new connector', 'suggested', Plus, t('shell.palette.newConnector'), () => go('/catalogue/new'), { also: 'create build definition json' }),
    ...open,
    ...(['auto', 'light', 'dark'] as const).map((value) => single(`theme ${value}`, 'settings', icons[value], t('shell.palette.theme', { theme: t(THEMES[value]) }), () => theme(value), { also: 'appearance colour mode' })),
    single('sidebar', 'settings', PanelLeft, t('shell.keysList.sidebar'), sidebar, { keys: 'Ctrl B' }),
    single('lock', 'settings', Lock, t('shell.palette.lockNow'), lock, { also: 'keys secrets passphrase', why: noLock }),
    single('export', 'settings', Upload, t('shell.palette.export'), () => go('/settings/export'), { also: 'backup share' }),
    single('import', 'settings', FolderInput, t('shell.palette.import'), () => go('/settings/import'), { also: 'restore' }),
    single('new workspace', 'settings', Layers, t('shell.palette.newWorkspace'), () => go('/settings/workspaces'), { also: 'create' }),
    ...workspaces
      .filter((other) => other.name !== workspace)
      .map((other) => single(`workspace ${other.name}`, 'goTo', Layers, t('shell.palette.workspace', { name: visible(other.label) }), () => choose(other.name), { also: 'switch' })),
  ];
}

/** Help, at the end. */
export function helpCommands(go: (path: string) => void, help: () => void, diagnostics: () => void): Command[] {
  return [
    single('keys', 'help', Keyboard, t('shell.shortcuts'), help, { also: 'help keyboard', keys: '?' }),
    single('settings', 'help', Settings, t('shell.palette.allSettings'), () => go('/settings'), { also: 'preferences options', keys: 'Ctrl ,' }),
    single('diagnostics', 'help', HelpCircle, t('settings.about.diagnostics'), diagnostics, { also: 'support debug copy problem' }),
    single('about', 'help', Info, t('shell.palette.about'), () => go('/settings/about'), { also: 'version licences' }),
  ];
}
