import { Page } from '../../ui/Page';

export default function StartPage() {
  return <Page title="StartPage">…</Page>;
}
