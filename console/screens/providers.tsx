export default function Providers() {
  return <h1>Providers</h1>;
}
