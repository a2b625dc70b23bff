export default function Batch({ batchId }: { readonly batchId: string }) {
  return <h1>{batchId}</h1>;
}
