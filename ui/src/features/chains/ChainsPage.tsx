import { Page } from '../../ui/Page';

export default function ChainsPage() {
  return <Page title="ChainsPage">…</Page>;
}
