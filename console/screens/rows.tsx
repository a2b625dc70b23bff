export default function Rows({ batchId }: { readonly batchId: string }) {
  return <p className="dim">The rows of {batchId} are not shown yet.</p>;
}
