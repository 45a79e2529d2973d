import {
  ActionIcon,
  Button,
  createTheme,
  Modal,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  Select,
  Tabs,
  Textarea,
  TextInput,
  Tooltip,
  type MantineColorsTuple,
} from '@mantine/core';

const indigo: MantineColorsTuple = [
  '#eef0ff', '#dbdfff', '#b5bcfa', '#939df9', '#7a85ee', '#5c68e6', '#4c57d6', '#434dc4', '#3a43ac', '#2f3790',
];

const field = { defaultProps: { size: 'sm', radius: 8 }, styles: { input: { borderColor: 'var(--line-strong)', background: 'var(--surface)' } } };

/** Sizes, radii and defaults of every component. Colours are in tokens.css. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: 6,
  colors: { indigo },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 8,
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '16px', sm: '18px', md: '20px', lg: '24px', xl: '28px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: 'sm', variant: 'default' },
      styles: { root: { height: 34, paddingInline: 14, fontWeight: 600 } },
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'default', size: 34 } }),
    TextInput: TextInput.extend(field as object),
    PasswordInput: PasswordInput.extend(field as object),
    Textarea: Textarea.extend(field as object),
    Select: Select.extend({ ...(field as object), defaultProps: { size: 'sm', radius: 8, comboboxProps: { shadow: 'md' } } }),
    NumberInput: NumberInput.extend(field as object),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        radius: 12,
        overlayProps: { color: 'transparent', backgroundOpacity: 1 },
        transitionProps: { duration: 160, transition: 'fade' },
      },
      styles: { content: { background: 'var(--surface)', boxShadow: 'var(--lift)' }, header: { background: 'var(--surface)' }, overlay: { background: 'var(--overlay)' } },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: false, multiline: true, maw: 320, fz: 12, events: { hover: true, focus: true, touch: false } } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs' } }),
  },
});
