export default function Turnaround() {
  return <h1>Turnaround</h1>;
}
