/** The words of each theme. */
export const THEMES = { auto: 'shell.themeSystem', light: 'shell.themeLight', dark: 'shell.themeDark' } as const;
