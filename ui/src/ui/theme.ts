import { createTheme, type MantineColorsTuple } from '@mantine/core';

const indigo: MantineColorsTuple = [
  '#eef0ff', '#dbdfff', '#b5bcfa', '#939df9', '#7a85ee', '#5c68e6', '#4c57d6', '#434dc4', '#3a43ac', '#2f3790',
];

// The greys of the dark theme in tokens.css, where a component takes its own.
const dark: MantineColorsTuple = [
  '#e8eaee', '#c6cbd4', '#a4abb8', '#697180', '#3a404c', '#2e333d', '#20242c', '#181b21', '#14171c', '#101216',
];

const field = { defaultProps: { size: 'sm', radius: 8 } };

// Plain objects: naming the components here would load all of them first.
/** Sizes, radii and defaults of every component. Colours are in tokens.css. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: 6,
  colors: { indigo, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 8,
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '18px', md: '20px', lg: '24px', xl: '28px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  respectReducedMotion: true,
  components: {
    Button: {
      defaultProps: { size: 'sm', variant: 'default' },
      // 34 px in headers and forms; smaller sizes stay as they are.
      vars: (_: unknown, { size }: { size?: string }) => ({
        root: size === undefined || size === 'sm' ? { '--button-height': '34px', '--button-padding-x': '14px' } : {},
      }),
    },
    ActionIcon: { defaultProps: { variant: 'default', size: 34 } },
    TextInput: field,
    PasswordInput: field,
    Textarea: field,
    Select: { ...field, defaultProps: { size: 'sm', radius: 8, comboboxProps: { shadow: 'md' } } },
    NumberInput: field,
    Modal: {
      defaultProps: {
        centered: true,
        radius: 12,
        overlayProps: { color: 'transparent', backgroundOpacity: 1 },
        transitionProps: { duration: 160, transition: 'fade' },
      },
      styles: { content: { background: 'var(--surface)', boxShadow: 'var(--lift)' }, header: { background: 'var(--surface)' }, title: { fontSize: 16, lineHeight: '24px', fontWeight: 600 }, overlay: { background: 'var(--overlay)' } },
    },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, multiline: true, maw: 320, fz: 12, events: { hover: true, focus: true, touch: false } } },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Tabs: { defaultProps: { keepMounted: false } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
  },
});
