import { Page } from '../../ui/Page';

export default function ChainPage() {
  return <Page title="ChainPage">…</Page>;
}
